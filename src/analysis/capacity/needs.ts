import { parsePrefix, type Prefix } from '../../lib/prefix.ts';
import { batchesFor, batchSize, blocksFor } from '../../model/addressing/demand.ts';
import { modelLimits } from './models.ts';
import type { CapacityRequest, NodePool, Surge } from './port.ts';
import type { RangeNeed } from './range.ts';

/** Addresses of a node's /24. */
const blockSize = 256;

/** Nodes that an upgrade of the pool adds, never more than it has. */
export function surgeOf({ nodes }: NodePool, surge: Surge): number {
  const wanted = 'nodes' in surge ? surge.nodes : Math.ceil((nodes * surge.percent) / 100);
  return Math.min(wanted, nodes);
}

/** What all ranges have to give, the nodes' first. */
export function needsOf(request: CapacityRequest): RangeNeed[] {
  const pods = podNeed(request);
  return pods === undefined ? [nodeNeed(request)] : [nodeNeed(request), pods];
}

function nodeNeed(request: CapacityRequest): RangeNeed {
  const { frontends = 0 } = request;
  const { podAddresses, reserved } = modelLimits[request.model];
  const isShared = podAddresses === 'node-subnet';
  const nodes = sumOver(request, (pool) => (isShared ? pool.maxPods + 1 : 1));
  const words = wordsOver(request, ({ maxPods }) => (isShared ? `(${maxPods} pods + 1)` : undefined));
  return {
    name: 'node subnet',
    prefix: request.subnet,
    required: nodes + frontends,
    reserved,
    sum: frontends === 0 ? words : `${words} + ${counted(frontends, 'load balancer')}`,
  };
}

function podNeed(request: CapacityRequest): RangeNeed | undefined {
  const { podAddresses, reserved } = modelLimits[request.model];
  if (podAddresses === 'blocks') {
    return {
      name: 'pod range',
      prefix: request.podCidr ?? parsePrefix('10.244.0.0/16'),
      required: sumOver(request, () => blockSize),
      reserved: 0,
      piece: blockSize,
      sum: wordsOver(request, () => 'a /24 of 256'),
    };
  }
  if (podAddresses !== 'pod-subnet') return undefined;
  const held = (pool: NodePool): number =>
    request.staticBlocks === true ? blocksFor(pool.maxPods) : batchesFor(podsOf(request, pool));
  return {
    name: 'pod subnet',
    prefix: request.podSubnet,
    required: sumOver(request, held),
    reserved,
    piece: batchSize,
    sum: wordsOver(
      request,
      (pool) => `${held(pool)} in ${request.staticBlocks === true ? 'blocks' : 'batches'} of 16`,
    ),
  };
}

/** Pods of one node: as many as it may run, but where addresses follow those that it does run. */
export function podsOf({ model, podsPerNode, staticBlocks }: CapacityRequest, { maxPods }: NodePool): number {
  const follow = modelLimits[model].podAddresses === 'pod-subnet' && staticBlocks !== true;
  return follow ? Math.min(podsPerNode ?? maxPods, maxPods) : maxPods;
}

function sumOver({ pools, surge }: CapacityRequest, ofNode: (pool: NodePool) => number): number {
  return pools.reduce((sum, pool) => sum + (pool.nodes + surgeOf(pool, surge)) * ofNode(pool), 0);
}

function wordsOver(
  { pools, surge }: CapacityRequest,
  ofNode: (pool: NodePool) => string | undefined,
): string {
  return pools
    .map((pool) => {
      const more = surgeOf(pool, surge);
      const nodes = counted(pool.nodes, 'node') + (more === 0 ? '' : ` + ${more} for upgrades`);
      const each = ofNode(pool);
      return each === undefined ? nodes : `(${nodes}) x ${each}`;
    })
    .join(' + ');
}

/** `1 node`, `2 nodes` */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** The ranges that were named, by what they are. */
export function namedRanges(request: CapacityRequest): { readonly name: string; readonly prefix: Prefix }[] {
  const named = [
    ...needsOf(request).map(({ name, prefix }) => ({ name, prefix })),
    { name: 'service range', prefix: request.serviceCidr },
  ];
  return named.flatMap(({ name, prefix }) => (prefix === undefined ? [] : [{ name, prefix }]));
}
