import { constants } from 'node:os';

/** Linux errnos that `os.constants` leaves out and that sockets and netlink do return. */
const linuxOnly: Readonly<Record<number, string>> = {
  15: 'ENOTBLK',
  94: 'ESOCKTNOSUPPORT',
  96: 'EPFNOSUPPORT',
  108: 'ESHUTDOWN',
  109: 'ETOOMANYREFS',
  112: 'EHOSTDOWN',
  117: 'EUCLEAN',
  524: 'ENOTSUPP',
};

// Two names for one number: the later one of the object would win, and the kernel's own headers prefer these.
const preferred = ['EAGAIN', 'EOPNOTSUPP'];

let names: Map<number, string> | undefined;

/** `EEXIST` for 17; `E999` for a number without a name. Takes the positive errno. */
export function errnoName(errno: number): string {
  names ??= tabulate();
  return names.get(errno) ?? linuxOnly[errno] ?? `E${errno}`;
}

function tabulate(): Map<number, string> {
  const entries = Object.entries(constants.errno);
  const table = new Map(entries.map(([name, number]) => [number, name]));
  for (const [name, number] of entries) if (preferred.includes(name)) table.set(number, name);
  return table;
}

/** The number of a symbolic errno: 17 for `EEXIST`. Undefined for a name this system does not have. */
export function errnoNumber(name: string): number | undefined {
  return Object.entries(constants.errno).find(([known]) => known === name)?.[1];
}
