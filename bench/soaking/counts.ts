import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What a leak would show in, of the whole machine: other programs move these too. */
export interface Counts {
  /** Network namespaces that the kernel keeps, also those that nobody can reach any more. */
  readonly namespaces: number;
  readonly processes: number;
  /** Open files of all processes, sockets among them. */
  readonly descriptors: number;
  /** Mounts of all mount namespaces. */
  readonly mounts: number;
  /** Tracked connections of all network namespaces. */
  readonly conntrack: number;
  /** Memory that new programs cannot have. */
  readonly usedKilobytes: number;
  /** The kernel's own objects, without those it would free on demand. */
  readonly slabKilobytes: number;
}

/** Reads /proc as root. Throws where it cannot: a count that is missing must not look flat. */
export function countMachine(): Counts {
  const memory = readFileSync('/proc/meminfo', 'utf8');
  const slabs = readFileSync('/proc/slabinfo', 'utf8');
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return {
    // `struct net` is freed only when nothing holds the namespace any more.
    namespaces: activeObjects(slabs, 'net_namespace'),
    processes: pids.length,
    descriptors: Number(readFileSync('/proc/sys/fs/file-nr', 'utf8').split('\t')[0]),
    mounts: mountsOf(pids),
    conntrack: activeObjects(slabs, 'nf_conntrack'),
    usedKilobytes: kilobytesOf(memory, 'MemTotal') - kilobytesOf(memory, 'MemAvailable'),
    slabKilobytes: kilobytesOf(memory, 'SUnreclaim'),
  };
}

/** slabinfo(5). The kernel counts objects of slabs that a processor keeps for itself as active: a few more than are. */
function activeObjects(slabs: string, name: string): number {
  const found = new RegExp(`^${name} +(\\d+) `, 'm').exec(slabs)?.[1];
  if (found === undefined) throw new Error(`/proc/slabinfo has no ${name}`);
  return Number(found);
}

/** Each mount namespace once. Processes that end meanwhile are left out. */
function mountsOf(pids: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const pid of pids) {
    try {
      const namespace = readlinkSync(`/proc/${pid}/ns/mnt`);
      if (counts.has(namespace)) continue;
      counts.set(namespace, readFileSync(`/proc/${pid}/mountinfo`, 'utf8').split('\n').length - 1);
    } catch {
      // ENOENT or ESRCH: it has ended.
    }
  }
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

function kilobytesOf(text: string, field: string): number {
  const found = new RegExp(`^${field}: +(\\d+) kB$`, 'm').exec(text)?.[1];
  if (found === undefined) throw new Error(`/proc/meminfo has no ${field}`);
  return Number(found);
}
