import type { Reason } from '../flow.ts';
import { formatRange, type AddressRange } from '../../lib/prefix.ts';
import { formatPorts, portSetKey, type PortSet } from '../../model/policy/port-set.ts';

/** Who may open connections to whom, as far as NetworkPolicies decide it. */
export interface Reach {
  /** By source and destination: addresses outside first, ascending, then workloads or pods by name. */
  readonly connections: readonly Connection[];
  /** Pairs of which not all pods agree; `connections` has the union. */
  readonly unknown: readonly UnknownConnection[];
  readonly summary: ReachSummary;
}

/** Ends as `ReachEnd` has them; addresses as a prefix or a range `A-B`. */
export interface Connection {
  readonly source: string;
  readonly destination: string;
  /** As `formatPorts` writes them. */
  readonly ports: readonly string[];
  /** Set where explanations were asked for: the rules of both ends that let it through. */
  readonly because?: readonly Reason[];
}

export interface UnknownConnection {
  readonly source: string;
  readonly destination: string;
  readonly why: string;
}

export interface ReachSummary {
  /** Workloads, or pods when asked for pods. */
  readonly ends: number;
  readonly pods: number;
  readonly policies: number;
  readonly connections: number;
  readonly unknown: number;
}

/**
 * A workload or pod by its name, a domain name, or addresses; where the nodes are in a virtual network, or somebody describes
 * segments, also `vm:NAME`, `site:NAME`, and `internet` for all its addresses. Who is asked may be a further interface:
 * `NAMESPACE/NAME[Kind]@INTERFACE`.
 */
export type ReachEnd = string | AddressRange;

/** Whether an end is outside the cluster: names of workloads and pods begin with a namespace. */
export const isOutside = (end: ReachEnd): boolean => typeof end !== 'string' || !end.includes('/');

/** Whether an end is a machine or a site around the nodes: a domain name has no colon. */
export const isMachine = (end: string): boolean => /^(?:vm|site):/.test(end);

/** Whether an end is a further interface of pods. */
export const isInterface = (end: string): boolean => end.includes('/') && end.includes('@');

/** Takes rows in the order they are to be told. */
export interface ReachRows {
  add(source: ReachEnd, destination: ReachEnd, ports: PortSet, more?: RowDetail): void;
}

export interface RowDetail {
  /** On what it depends, where not all pods agree. */
  readonly why?: string | undefined;
  /** Why these of its ports are open; asked only where somebody wants to know. */
  readonly because?: (ports: PortSet) => readonly Reason[];
}

/** Collects the rows that have ports. */
export interface Answer extends ReachRows {
  finish(counts: Pick<ReachSummary, 'ends' | 'pods' | 'policies'>): Reach;
}

export function createAnswer({ isExplained = false } = {}): Answer {
  const connections: Connection[] = [];
  const unknown: UnknownConnection[] = [];
  // There are few different sets of ports, even between many workloads.
  const written = new Map<string, readonly string[]>();

  function write(ports: PortSet): readonly string[] {
    const key = portSetKey(ports);
    const known = written.get(key) ?? formatPorts(ports);
    written.set(key, known);
    return known;
  }

  return {
    add(source, destination, ports, { why, because } = {}) {
      if (ports !== 'all' && ports.length === 0) return;
      const ends = { source: nameOfEnd(source), destination: nameOfEnd(destination) };
      const reasons = isExplained ? because?.(ports) : undefined;
      connections.push({ ...ends, ports: write(ports), ...(reasons && { because: reasons }) });
      if (why !== undefined) unknown.push({ ...ends, why });
    },
    finish(counts) {
      const summary = { ...counts, connections: connections.length, unknown: unknown.length };
      return { connections, unknown, summary };
    },
  };
}

/** How an end is written: addresses as a prefix or a range. */
function nameOfEnd(end: ReachEnd): string {
  return typeof end === 'string' ? end : formatRange(end);
}
