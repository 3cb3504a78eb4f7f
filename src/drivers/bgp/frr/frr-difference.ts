import { below, type FrrConfig } from './frr-config.ts';

/** Lines to be typed one after the other, in the section that `path` leads to. */
export interface FrrOrders {
  readonly path: readonly string[];
  readonly lines: readonly string[];
}

const owner = /^neighbor (\S+) /;

/**
 * What is typed into a daemon that has `before`, so that it has `after`: first what goes, announced prefixes
 * before the maps that they pass, then what comes. A neighbour
 * goes as a whole, and one that has another AS number goes and comes again.
 */
export function frrDifference(before: FrrConfig, after: FrrConfig): FrrOrders[] {
  const again = changedNeighbours(before, after);
  const kept = (lines: readonly string[] = []): Set<string> =>
    new Set(lines.filter((line) => !again.has(owner.exec(line)?.[1] ?? '')));
  const orders: FrrOrders[] = [];
  for (const [section, lines] of before) {
    const now = after.get(section);
    if (now === undefined) continue;
    const wanted = new Set(now);
    const gone = [...kept(lines)].filter((line) => !wanted.has(line)).map(withdrawn);
    const whole = lines
      .map((line) => /^neighbor (\S+) remote-as /.exec(line)?.[1])
      .filter((address) => address !== undefined && again.has(address));
    orders.push({
      path: pathOf(section),
      lines: [...whole.map((address) => `no neighbor ${address}`), ...gone],
    });
  }
  orders.push({ path: [], lines: goneSections(before, after) });
  for (const [section, lines] of after) {
    const had = kept(before.get(section));
    const added = lines.filter((line) => !had.has(line));
    const isNew = !before.has(section);
    orders.push({ path: pathOf(section), lines: isNew && added.length === 0 ? ['exit'] : added });
  }
  return orders.filter(({ lines }) => lines.length > 0);
}

function pathOf(section: string): string[] {
  return section === '' ? [] : section.split(below);
}

function withdrawn(line: string): string {
  return line.startsWith('no ') ? line.slice(3) : `no ${line}`;
}

/** Those that are gone with what they are in are gone anyway. */
function goneSections(before: FrrConfig, after: FrrConfig): string[] {
  return [...before.keys()]
    .filter((section) => !after.has(section))
    .flatMap((section) => {
      const path = pathOf(section);
      if (path.length === 1) return path.map((line) => `no ${line}`);
      const [first = ''] = path;
      return after.has(first) ? [first, ...path.slice(1).map((line) => `no ${line}`), 'exit'] : [];
    });
}

/** Addresses of the neighbours that are gone, or have another AS number. */
function changedNeighbours(before: FrrConfig, after: FrrConfig): Set<string> {
  const asnOf = (config: FrrConfig): Map<string, string> => {
    const found = [...config.values()].flat().flatMap((line) => {
      const [, address, asn] = /^neighbor (\S+) remote-as (\S+)$/.exec(line) ?? [];
      return address === undefined || asn === undefined ? [] : [[address, asn] as const];
    });
    return new Map(found);
  };
  const now = asnOf(after);
  return new Set(
    [...asnOf(before)].filter(([address, asn]) => now.get(address) !== asn).map(([address]) => address),
  );
}
