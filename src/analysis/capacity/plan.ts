import { countsExceeded, rulesBroken } from './limits.ts';
import { modelLimits } from './models.ts';
import { counted, needsOf, podsOf, surgeOf } from './needs.ts';
import type { CapacityPlan, CapacityRequest, NodePool } from './port.ts';
import { planRange, type RangeNeed } from './range.ts';

/** What a network of this size takes of its ranges, whether that fits, and how far it can grow. */
export function planCapacity(request: CapacityRequest): CapacityPlan {
  const needs = needsOf(request);
  const ranges = needs.map(planRange);
  const reasons = [
    ...rulesBroken(request),
    ...countsExceeded(request),
    ...needs.flatMap((need) => shortage(need, request)),
  ];
  const most = mostNodes({ ...request, surge: { nodes: 0 } });
  const [nodes] = ranges;
  return {
    model: request.model,
    required: nodes?.required ?? 0,
    reserved: nodes?.reserved ?? 0,
    usable: nodes?.usable ?? null,
    smallestPrefix: nodes?.smallestPrefix ?? null,
    ranges,
    fits: reasons.length === 0,
    maxNodes: most === 0 ? 0 : most + sum(others(request), ({ nodes: count }) => count),
    maxPods:
      most === 0
        ? 0
        : sum(
            [{ ...request.pools[0], nodes: most }, ...others(request)],
            (pool) => pool.nodes * podsOf(request, pool),
          ),
    warnings: reasons.length === 0 ? warningsOf(request) : [],
    reasons,
  };
}

const others = ({ pools }: CapacityRequest): readonly NodePool[] => pools.slice(1);
const sum = <T>(all: readonly T[], of: (one: T) => number): number =>
  all.reduce((total, one) => total + of(one), 0);

/** With its first pool at this size. */
function resized(request: CapacityRequest, change: Partial<NodePool>): CapacityRequest {
  const [first, ...rest] = request.pools;
  return { ...request, pools: [{ ...first, ...change }, ...rest] };
}

function holds(request: CapacityRequest): boolean {
  return countsExceeded(request).length === 0 && needsOf(request).every((need) => planRange(need).fits);
}

/** The most for which it holds, from 0 to `limit`: what holds for more holds for fewer. */
function most(limit: number, isHeld: (count: number) => boolean): number {
  let [known, above] = [0, limit + 1];
  while (above - known > 1) {
    const middle = Math.floor((known + above) / 2);
    if (isHeld(middle)) known = middle;
    else above = middle;
  }
  return known;
}

/** Nodes of the first pool; 0 where not even one fits. */
function mostNodes(request: CapacityRequest): number {
  return most(modelLimits[request.model].mostNodes, (nodes) => holds(resized(request, { nodes })));
}

/** Why a range is too small, and what would help: a larger one, fewer nodes, fewer pods on each. */
function shortage(need: RangeNeed, request: CapacityRequest): string[] {
  const { prefix, required, usable, fits, smallestPrefix } = planRange(need);
  if (fits) return [];
  const fewer = mostNodes(request);
  const fewerPods = most(request.pools[0].maxPods, (maxPods) => holds(resized(request, { maxPods })));
  const changes = [
    ...(smallestPrefix === null ? [] : [`a /${smallestPrefix}`]),
    ...(fewer > 0 ? [counted(fewer, 'node') + (request.pools.length > 1 ? ' in the first pool' : '')] : []),
    ...(fewerPods >= 10 ? [`at most ${fewerPods} pods on a node`] : []),
  ];
  const help = changes.length === 0 ? '' : `; it would fit with ${changes.join(', or with ')}`;
  return [
    `${need.name} ${prefix ?? ''} has ${usable ?? 0} addresses to give, and ${required} are needed: ${need.sum}${help}`,
  ];
}

function warningsOf(request: CapacityRequest): string[] {
  const { model, pools, surge } = request;
  const [first] = pools;
  const warnings: string[] = [];
  if (surgeOf(first, surge) === 0) warnings.push('no node is left for upgrades: plan with --surge 1 or more');
  if (!holds(resized(request, { nodes: first.nodes + 1 }))) warnings.push('not one more node fits');
  if (model === 'kubenet')
    warnings.push('AKS retires kubenet on 31 March 2028; azure-cni-overlay is what follows it');
  if (request.podsPerNode !== undefined && modelLimits[model].podAddresses === 'pod-subnet') {
    const full = needsOf({ ...request, podsPerNode: Math.max(...pools.map(({ maxPods }) => maxPods)) });
    if (!full.every((need) => planRange(need).fits))
      warnings.push('full nodes would not fit: pods wait for addresses when nodes run as many as they may');
  }
  return warnings;
}
