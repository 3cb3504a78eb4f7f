import { keyOf, layer2Resources, loadBalancerResources, resources } from '../../api/resources.ts';
import type { Node } from '../../api/types/core.ts';
import type { SegmentAddress } from '../../api/types/layer2.ts';
import type { Condition } from '../../api/types/meta.ts';
import { familyOf } from '../../lib/address.ts';
import { formatRange } from '../../lib/prefix.ts';
import { sameJson } from '../../lib/same-json.ts';
import { nodeSegment } from '../../model/fabric/default-fabric.ts';
import type { AddressDemand } from '../../model/fabric/layer2/demands.ts';
import {
  demandsOfNode,
  isWithin,
  nodeAddressSource,
  nodeDomain,
  nodeHolder,
  ownAddressOf,
} from '../../model/fabric/layer2/node-addresses.ts';
import { modelTraits } from '../../model/network/models.ts';
import { done, type Outcome } from '../../reconcile/outcome.ts';
import { controllerOf, reconcilerFor, type Controller, type ControllerContext } from '../controller.ts';
import { timestamp } from '../../lib/timestamp.ts';
import { createBalancedPool } from './balanced-pool.ts';
import { createSegmentClaims } from './claims.ts';
import { createReservations } from './reservations.ts';

/** So long an address that a node had rests: its machine has to hear that it is another's. */
const restMs = 2_000;

/**
 * Gives nodes their addresses on the nodes' segment: of its pool `nodes`, or of its DHCP range, or what they have. Each is
 * written down (SegmentAddress) before the Node object says it, and given back some time after it no longer does. Clusters
 * of one lab write to one place, where the segment is described: the API server of the first. A node for which there is no
 * address left stays where it is, with the condition NetworkUnavailable and an Event, and gets no more pods.
 */
export function createSegmentNodesController(context: ControllerContext): Controller {
  const { world } = modelTraits[context.config.model];
  if (world !== 'segment') return controllerOf('segment-nodes', [], () => []);
  return controllerFor(context);
}

function controllerFor(context: ControllerContext): Controller {
  const { client, cache, clock, events } = context;
  const around = context.around ?? { client, ordinal: 0 };
  const segments = around.client.informer(layer2Resources.segments);
  const pools = client.informer(loadBalancerResources.ipaddresspools);
  const claims = createSegmentClaims(around, createReservations({ cache, pools, ...around }));
  const ready = Promise.all([segments.synced, pools.synced, claims.synced]);
  const segmentNow = () => segments.get(nodeSegment);
  const heldBy = (name: string): readonly SegmentAddress[] => claims.of(nodeHolder(name, around.cluster));
  /** When a node was seen to have an address no longer, by the claim's uid. */
  const unusedSince = new Map<string, number>();
  const told = new Map<string, string>();

  async function reconcile(name: string): Promise<Outcome> {
    await ready;
    const node = cache.nodes.get(name);
    // The machine of a node without an object is where it was.
    if (node === undefined) return done;
    const demands = demandsOfNode(node, segmentNow(), around);
    if (demands.length === 0) return done;
    const outcome = await takeFor(node, demands);
    if (typeof outcome === 'string') return tell(node, outcome);
    const { address } = outcome.spec;
    if (ownAddressOf(node, familyOf(address)) !== address) {
      await move(node, address);
      return done;
    }
    await tell(node, undefined);
    return giveBack(heldBy(name).filter(({ metadata }) => metadata.name !== outcome.metadata.name));
  }

  /** The claim that the node has now, or why there is none. */
  async function takeFor(node: Node, demands: readonly AddressDemand[]): Promise<SegmentAddress | string> {
    let problem = `${nodeDomain} has no address for it`;
    for (const demand of demands) {
      const outcome = await claims.take(demand);
      const claim =
        'name' in outcome && heldBy(node.metadata.name).find((one) => one.metadata.name === outcome.name);
      if (claim) return claim;
      if ('problem' in outcome) ({ problem } = outcome);
    }
    return missing() ?? problem;
  }

  /** Everybody who waits is told of all who do: what would help depends on their number. */
  function missing(): string | undefined {
    const source = nodeAddressSource(segmentNow());
    if (source.kind === 'own') return undefined;
    const without = [...cache.nodes.values()].filter(
      ({ metadata }) => !heldBy(metadata.name).some(({ spec }) => isWithin(source.range, spec.address)),
    );
    const are = without.length === 1 ? '1 address is' : `${without.length} addresses are`;
    return `${nodeDomain}, ${source.of} ${formatRange(source.range)}: ${are} missing for the nodes of this cluster; widen it, or delete what holds some of it (SegmentAddress)`;
  }

  /** On the version that was read: who reports on the same node must not lose its own conditions. */
  async function move(node: Node, address: string): Promise<void> {
    const others = (node.status?.addresses ?? []).filter(
      (one) => one.type !== 'InternalIP' || familyOf(one.address) !== familyOf(address),
    );
    const addresses = [{ type: 'InternalIP' as const, address }, ...others];
    await client.updateStatus(resources.nodes, { ...node, status: { ...node.status, addresses } });
  }

  async function tell(node: Node, problem: string | undefined): Promise<Outcome> {
    const key = keyOf(node);
    if (problem === undefined) told.delete(key);
    else {
      if (told.get(key) !== problem) events.warn(node, reason, problem);
      told.set(key, problem);
    }
    const conditions = node.status?.conditions ?? [];
    const before = conditions.find(({ type }) => type === unavailable);
    if (isTold(before, problem)) return done;
    const condition = { ...conditionFor(problem), lastTransitionTime: timestamp(clock.now()) };
    const status = { ...node.status, conditions: [...conditions.filter((one) => one !== before), condition] };
    await client.updateStatus(resources.nodes, { ...node, status });
    return done;
  }

  async function giveBack(unneeded: readonly SegmentAddress[]): Promise<Outcome> {
    let left = 0;
    for (const claim of unneeded) {
      const { uid = claim.metadata.name } = claim.metadata;
      const since = unusedSince.get(uid) ?? clock.monotonic();
      unusedSince.set(uid, since);
      const rest = since + restMs - clock.monotonic();
      if (rest > 0) left = Math.max(left, rest);
      else {
        await claims.release(claim);
        unusedSince.delete(uid);
      }
    }
    return left > 0 ? { kind: 'wait', afterMs: left } : done;
  }

  const reconciler = reconcilerFor(context, 'segment-nodes', reconcile);
  const pool = createBalancedPool(context, { pools, segment: segmentNow });
  const lookAtAll = (): void => {
    for (const { metadata } of cache.nodes.values()) reconciler.enqueue(metadata.name);
  };
  return controllerOf('segment-nodes', [reconciler, pool.reconciler], () => [
    () => claims.end(),
    cache.nodes.onChange(({ key, previous, current }) => {
      if (!isSame(previous, current)) reconciler.enqueue(key);
    }),
    segments.onChange(({ key }) => {
      if (key !== nodeSegment) return;
      lookAtAll();
      pool.look();
    }),
    pools.onChange(() => pool.look()),
    claims.follow(({ spec: { domain, holder } }, isGone) => {
      if (domain !== nodeDomain) return;
      const isOurs = holder.kind === 'Node' && holder.cluster === around.cluster;
      if (isOurs) reconciler.enqueue(holder.name);
      // Who waits is told of those who do so.
      if (isGone || isOurs) for (const name of told.keys()) reconciler.enqueue(name);
    }),
  ]);
}

const unavailable = 'NetworkUnavailable';
const reason = 'NoAddress';
const given = 'AddressGiven';

/** Whether the node's condition says so already. Where nothing is wrong, only what was told here is taken back. */
function isTold(before: Condition | undefined, problem: string | undefined): boolean {
  if (problem !== undefined) return before?.message === problem;
  return before?.reason !== reason;
}

function conditionFor(problem: string | undefined): Condition {
  if (problem !== undefined) return { type: unavailable, status: 'True', reason, message: problem };
  return {
    type: unavailable,
    status: 'False',
    reason: given,
    message: 'the node has an address of its segment',
  };
}

/** Whether nothing that its address depends on has changed: heartbeats do not count. */
function isSame(previous: Node | undefined, current: Node | undefined): boolean {
  const partOf = (node: Node | undefined): unknown =>
    node && [
      node.metadata.uid,
      node.status?.addresses,
      node.status?.conditions?.find(({ type }) => type === unavailable),
    ];
  return sameJson(partOf(previous), partOf(current));
}
