import type { Node, Pod } from '../../api/types/core.ts';
import { hasLabels } from './pods.ts';
import { controllerOf } from './owner.ts';

/** What a node carries already. */
export interface NodeLoad {
  readonly pods: number;
  /** Pods by `ownerOf`. */
  readonly byOwner: ReadonlyMap<string, number>;
}

export type Placement =
  | { readonly kind: 'node'; readonly node: string }
  /** `why` as `kubectl describe pod` shows it. */
  | { readonly kind: 'nowhere'; readonly why: string };

export interface ScheduleOptions {
  /** For nodes that do not say themselves how many pods they take. */
  readonly maxPodsPerNode: number;
}

/**
 * The node for a pod: among the nodes that are ready, not cordoned, match its nodeSelector and have room, the one
 * with the fewest pods of the same owner, then the fewest pods, then the first by name. The same inputs give the
 * same node, so a prediction and a cluster agree. A pod that names its node goes there whatever its state, as
 * the kubelet takes it.
 */
export function schedule(
  pod: Pod,
  nodes: Iterable<Node>,
  loads: ReadonlyMap<string, NodeLoad>,
  options: ScheduleOptions,
): Placement {
  if (pod.spec.nodeName !== undefined && pod.spec.nodeName !== '')
    return { kind: 'node', node: pod.spec.nodeName };
  const refusals = new Map<string, number>();
  const candidates: Candidate[] = [];
  let count = 0;
  for (const node of nodes) {
    count += 1;
    const load = loads.get(node.metadata.name) ?? noLoad;
    const refusal = refusalOf(pod, node, { pods: load.pods, ...options });
    if (refusal === undefined) candidates.push({ name: node.metadata.name, load });
    else refusals.set(refusal, (refusals.get(refusal) ?? 0) + 1);
  }
  const best = bestOf(candidates, ownerOf(pod));
  return best === undefined
    ? { kind: 'nowhere', why: explain(count, refusals) }
    : { kind: 'node', node: best.name };
}

const noLoad: NodeLoad = { pods: 0, byOwner: new Map() };

/** Pods with the same value are spread over the nodes: those of one controller; a pod without one is alone. */
export function ownerOf(pod: Pod): string {
  const controller = controllerOf(pod);
  const { namespace, name } = pod.metadata;
  return controller === undefined
    ? `${namespace}/Pod/${name}`
    : `${namespace}/${controller.kind}/${controller.name}`;
}

interface Candidate {
  readonly name: string;
  readonly load: NodeLoad;
}

function bestOf(candidates: readonly Candidate[], owner: string): Candidate | undefined {
  let best: Candidate | undefined;
  for (const candidate of candidates) {
    if (best === undefined || byFitness(candidate, best, owner) < 0) best = candidate;
  }
  return best;
}

function byFitness(one: Candidate, other: Candidate, owner: string): number {
  const owned = (one.load.byOwner.get(owner) ?? 0) - (other.load.byOwner.get(owner) ?? 0);
  return owned || one.load.pods - other.load.pods || byNumberedName(one.name, other.name);
}

/** `node-2` before `node-10`. */
function byNumberedName(one: string, other: string): number {
  return one.length === other.length ? (one < other ? -1 : 1) : one.length - other.length;
}

const osLabel = 'kubernetes.io/os';

function refusalOf(
  pod: Pod,
  node: Node,
  { pods, maxPodsPerNode }: { pods: number; maxPodsPerNode: number },
): string | undefined {
  if (node.spec?.unschedulable === true) return 'node(s) were unschedulable';
  if (node.metadata.labels?.[osLabel] === 'windows')
    return 'node(s) ran Windows, where Weft plans addresses and runs no pods';
  if (!isReady(node)) return 'node(s) were not ready';
  if (isTrue(node, 'NetworkUnavailable')) return unavailable;
  if (!hasLabels(node, pod.spec.nodeSelector)) return "node(s) didn't match Pod's node affinity/selector";
  return pods >= roomOf(node, maxPodsPerNode) ? 'Too many pods' : undefined;
}

/** Upstream keeps pods away by the taint that follows from the condition. */
const unavailable = 'node(s) had untolerated taint(s) {node.kubernetes.io/network-unavailable: }';

const isReady = (node: Node): boolean => isTrue(node, 'Ready');

function isTrue(node: Node, condition: string): boolean {
  return (
    node.status?.conditions?.some(({ type, status }) => type === condition && status === 'True') ?? false
  );
}

function roomOf(node: Node, maxPodsPerNode: number): number {
  const pods = Number(node.status?.allocatable?.['pods'] ?? Number.NaN);
  return Number.isInteger(pods) ? pods : maxPodsPerNode;
}

function explain(count: number, refusals: ReadonlyMap<string, number>): string {
  if (count === 0) return 'no nodes available to schedule pods';
  const reasons = [...refusals].map(([reason, nodes]) => `${nodes} ${reason}`).toSorted();
  return `0/${count} nodes are available: ${reasons.join(', ')}.`;
}
