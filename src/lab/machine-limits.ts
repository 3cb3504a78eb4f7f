import { readFileSync } from 'node:fs';
import { WeftError } from '../lib/errors.ts';

/**
 * Limits of this machine that a large lab reaches first. The kernel lets none of them be set for the lab's namespaces
 * alone, and Weft changes nothing of the host. (Neighbours are permanent and so count against no limit; nothing watches
 * files by inotify.) Infinity where there is no limit, or none that can be read.
 */
export interface MachineLimits {
  /** Hard limit of RLIMIT_NOFILE: Node raises its own soft limit to that when it starts. */
  readonly openFiles: number;
  /** `user.max_net_namespaces`: of this user, other labs among them. */
  readonly networkNamespaces: number;
  /** `fs.mount-max` less the mounts that a lab's mount namespace starts with. */
  readonly mounts: number;
  /** `nf_conntrack_max`, of each namespace. */
  readonly connections: number;
}

/** What a lab will hold. */
export interface LabSize {
  readonly pods: number;
  /** Ports that somebody listens on, of all pods together. */
  readonly ports: number;
  readonly nodes: number;
}

interface Limit {
  readonly what: string;
  /** How people raise it. */
  readonly raise: (needed: number) => string;
  readonly needed: (size: LabSize) => number;
}

const sysctl =
  (key: string) =>
  (needed: number): string =>
    `sysctl -w ${key}=${needed}`;

/** Namespaces beside those of pods and nodes: the control machine, the internet, the segment, and room for changes. */
const otherNamespaces = 16;
/** A rolling update has connections of old pods and new ones; of each pod this many. */
const connectionsOfPod = 128;

const limits: Readonly<Record<keyof MachineLimits, Limit>> = {
  openFiles: {
    what: 'open files in one process',
    raise: (needed) => `ulimit -Hn ${needed}`,
    // The agents have a namespace and a socket open for every pod and some ten for every node; the holder a namespace
    // and a socket for every port. Connections and the rest take what is left of 512.
    needed: ({ pods, ports, nodes }) => 512 + Math.max(2 * pods + 10 * nodes, pods + ports),
  },
  networkNamespaces: {
    what: 'network namespaces (user.max_net_namespaces)',
    raise: sysctl('user.max_net_namespaces'),
    needed: ({ pods, nodes }) => pods + nodes + otherNamespaces,
  },
  mounts: {
    what: 'mounts (fs.mount-max) beside those that are there',
    raise: (needed) => `sysctl -w fs.mount-max=${100_000 + needed}`,
    needed: ({ pods, nodes }) => pods + nodes + otherNamespaces,
  },
  connections: {
    what: 'tracked connections (net.netfilter.nf_conntrack_max)',
    raise: sysctl('net.netfilter.nf_conntrack_max'),
    // All of them may be on one node.
    needed: ({ pods }) => 1024 + pods * connectionsOfPod,
  },
};

/** Throws `machine-limit` naming the first limit that is too low for a lab of this size, and how to raise it. */
export function requireLimits(size: LabSize, machine: MachineLimits): void {
  for (const [name, { what, raise, needed }] of Object.entries(limits)) {
    const [need, most] = [needed(size), machine[name as keyof MachineLimits]];
    if (need <= most) continue;
    throw new WeftError(
      'machine-limit',
      `${size.pods} pods on ${size.nodes} nodes need ${need} ${what}; this machine allows ${most}`,
      { fault: 'environment', hint: `Raise the limit, as with: ${raise(need)}` },
    );
  }
}

export function readMachineLimits(): MachineLimits {
  return {
    openFiles: numberIn(/^Max open files\s+\S+\s+(\d+)/m.exec(textOf('/proc/self/limits'))?.[1]),
    networkNamespaces: sysctlValue('user/max_net_namespaces'),
    mounts: sysctlValue('fs/mount-max') - textOf('/proc/self/mountinfo').split('\n').length,
    // 0 is no limit.
    connections: sysctlValue('net/netfilter/nf_conntrack_max') || Infinity,
  };
}

function sysctlValue(path: string): number {
  return numberIn(textOf(`/proc/sys/${path}`).trim());
}

function numberIn(text: string | undefined): number {
  return text === undefined || !/^\d+$/.test(text) ? Infinity : Number(text);
}

/** Empty when there is no such file: a module that is not loaded yet limits nothing yet. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
