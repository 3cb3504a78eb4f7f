import { limited, missing, ok, type Finding } from './finding.ts';
import type { Machine } from './port.ts';

type Look = Pick<Machine, 'read' | 'isRoot'>;

/** A limit of this machine: below `least` no lab runs, below `enough` only small ones. */
interface Limit {
  readonly check: string;
  readonly least: number;
  readonly enough: number;
  readonly unit: string;
  readonly hint: string;
  /** Undefined when the machine does not say. */
  value(look: Look): number | undefined;
}

const mebi = 1024 ** 2;

const limits: readonly Limit[] = [
  {
    check: 'open files',
    least: 1024,
    enough: 8192,
    unit: 'for a process; a lab takes some 2 for every pod and 10 for every node',
    hint: 'ulimit -Hn 65536, and "* hard nofile 65536" in /etc/security/limits.conf',
    value: ({ read }) => processLimit(read, 'Max open files'),
  },
  {
    check: 'processes',
    least: 200,
    enough: 1000,
    unit: 'and threads for this user; a lab has some 50',
    hint: 'ulimit -Hu 4096, and "* hard nproc 4096" in /etc/security/limits.conf',
    // Nothing limits root by number.
    value: ({ read, isRoot }) => (isRoot ? undefined : processLimit(read, 'Max processes')),
  },
  {
    check: 'control group',
    least: 200,
    enough: 1000,
    unit: 'and threads; a lab has some 50',
    hint: 'raise pids.max of the control group: --pids-limit of a container, TasksMax of a unit',
    value: ({ read }) => pidsOfControlGroup(read),
  },
  namespaceLimit('net', 32, 1100, 'for a user; a lab takes one for every pod and node'),
  namespaceLimit('mnt', 4, 16, 'for a user; a lab takes one'),
  {
    check: 'mounts',
    least: 200,
    enough: 2000,
    unit: 'for a mount namespace; a lab takes one for every pod and node',
    hint: 'sysctl -w fs.mount-max=100000',
    value: ({ read }) => numberIn(read('/proc/sys/fs/mount-max')),
  },
  {
    check: 'tracked connections',
    least: 1024,
    enough: 16_384,
    unit: 'for each node',
    hint: 'sysctl -w net.netfilter.nf_conntrack_max=262144',
    value: ({ read }) => numberIn(read('/proc/sys/net/netfilter/nf_conntrack_max')),
  },
  {
    check: 'memory',
    least: 300,
    enough: 600,
    unit: 'MiB are free; a lab of 3 nodes takes some 300',
    hint: 'end other programs, or use a larger machine',
    value: ({ read }) => availableMebibytes(read),
  },
  {
    check: 'socket buffers',
    least: 0,
    enough: mebi,
    unit: 'bytes; without root they limit what is programmed in one transaction',
    hint: 'as root: sysctl -w net.core.wmem_max=4194304 net.core.rmem_max=4194304',
    value: ({ read, isRoot }) => (isRoot ? undefined : numberIn(read('/proc/sys/net/core/wmem_max'))),
  },
];

/** The limits that the machine tells of; others are no limits. */
export function checkLimits(look: Look): Finding[] {
  return limits.flatMap((limit) => {
    const value = limit.value(look);
    return value === undefined ? [] : [judge(limit, value)];
  });
}

function judge({ check, least, enough, unit, hint }: Limit, value: number): Finding {
  const found = `${value === Infinity ? 'no limit' : value} ${unit}`;
  if (value >= enough) return ok(check, found);
  return value >= least
    ? limited(check, `${found}: enough for small labs`, { hint })
    : missing(check, `${found}: at least ${least}`, { hint });
}

function namespaceLimit(kind: 'net' | 'mnt', least: number, enough: number, unit: string): Limit {
  const key = `user.max_${kind}_namespaces`;
  return {
    check: kind === 'net' ? 'namespaces' : 'mount namespaces',
    least,
    enough,
    unit,
    hint: `sysctl -w ${key}=15000`,
    value: ({ read }) => numberIn(read(`/proc/sys/${key.replace('.', '/')}`)),
  };
}

function numberIn(text: string | undefined): number | undefined {
  const found = /^\s*(\d+|max)\s*$/.exec(text ?? '')?.[1];
  if (found === undefined) return undefined;
  return found === 'max' ? Infinity : Number(found);
}

/** The hard limit, as proc(5) prints it: name, soft, hard, unit. */
function processLimit(read: Look['read'], name: string): number | undefined {
  const hard = new RegExp(`^${name}\\s+\\S+\\s+(\\S+)`, 'm').exec(read('/proc/self/limits') ?? '')?.[1];
  return hard === 'unlimited' ? Infinity : numberIn(hard);
}

/** Of control groups version 2; an ancestor may allow less, which only starting tells. */
function pidsOfControlGroup(read: Look['read']): number | undefined {
  const path = /^0::(\/.*)$/m.exec(read('/proc/self/cgroup') ?? '')?.[1];
  return path === undefined ? undefined : numberIn(read(`/sys/fs/cgroup${path}/pids.max`));
}

function availableMebibytes(read: Look['read']): number | undefined {
  const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(read('/proc/meminfo') ?? '')?.[1];
  return kibibytes === undefined ? undefined : Math.floor(Number(kibibytes) / 1024);
}
