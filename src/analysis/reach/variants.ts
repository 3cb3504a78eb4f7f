import { formatPorts, type PortSet } from '../../model/policy/port-set.ts';
import type { Group } from './groups.ts';
import { distinctPorts } from './pairs.ts';

/** Two groups of pods, and what is open between them: more than one set where address families differ. */
interface PairPorts {
  readonly from: Group;
  readonly to: Group;
  readonly ports: readonly PortSet[];
}

/** On what it depends which ports are open between the pods of two workloads, where that is not one set. */
export function whatDecides(pairs: readonly PairPorts[]): string {
  const words = (some: readonly PairPorts[]): string[] =>
    distinctPorts(some.flatMap(({ ports }) => ports)).map(portsInWords);
  const isOnOneNode = ({ from, to }: PairPorts): boolean => from.node !== undefined && from.node === to.node;
  const [near, far] = [words(pairs.filter(isOnOneNode)), words(pairs.filter((one) => !isOnOneNode(one)))];
  // A node is above the policies of its own pods, and a virtual network sees nothing of what stays on one.
  if (near.length === 1 && far.length === 1) {
    return `nodes: ${near[0]} where both are on one node, ${far[0]} between nodes`;
  }
  // Groups differ by who their pods are; one pair of groups differs in itself by the family only.
  return `${pairs.length > 1 ? 'pods' : 'address family'}: ${words(pairs).join(' or ')}`;
}

export const portsInWords = (ports: PortSet): string => formatPorts(ports).join(', ') || 'nothing';
