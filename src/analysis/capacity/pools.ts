import { parseAddress } from '../../lib/address.ts';
import { formatRange, parsePrefix, rangeOf, type AddressRange } from '../../lib/prefix.ts';
import { counted } from './needs.ts';
import type { CapacityPlan, RangePlan } from './port.ts';
import type { ModelName } from './models.ts';

/** A cluster on machines of one's own, with the addresses that its machines and Services take of two pools. */
export interface PoolRequest {
  readonly model: Extract<ModelName, 'calico' | 'flannel'>;
  readonly site: HciSite | EdgeSite;
  /** Addresses of machines. */
  readonly nodePool?: AddressRange;
  /** Addresses of API servers and Services. */
  readonly vipPool?: AddressRange;
  /** Of each port of a Service with an address of its own. Two may share an address when their ports differ. */
  readonly servicePorts: readonly number[];
  readonly maxPods: number;
}

/** AKS on Azure Stack HCI: workload clusters beside the host that manages them. */
export interface HciSite {
  readonly kind: 'hci';
  readonly clusters: readonly { readonly controlPlane: number; readonly workers: number }[];
}

/** Azure Stack Edge: one cluster on the device's own nodes. */
export interface EdgeSite {
  readonly kind: 'edge';
  readonly nodes: number;
}

/** The host's machine, and two while it is updated (AKS on HCI, concepts-node-networking). */
const hostAddresses = 3;
/** Of each workload cluster: five while it is updated, and its load balancer's machine. */
const updateAddresses = 5;
const loadBalancerAddresses = 1;

/** What a site takes of its pools. */
export function planPools(request: PoolRequest): CapacityPlan {
  const { site, servicePorts } = request;
  const machines = machineNeed(site);
  const servers = site.kind === 'hci' ? site.clusters.length : 0;
  const services = servicePorts.length === 0 ? 0 : mostOfOnePort(servicePorts);
  const vips = {
    name: 'vip pool',
    range: request.vipPool,
    // The edge hub's, at least.
    required: Math.max(servers + services, 1),
    sum: `${counted(servers, 'API server')} + ${services} for ${counted(servicePorts.length, 'Service')}, which share addresses where their ports differ`,
  };
  const nodes = { name: 'node pool', range: request.nodePool, ...machines };
  const ranges = [nodes, vips].map(planPool);
  const reasons = [
    ...(overlap(request) ? ['node pool and vip pool overlap: an address would have two owners'] : []),
    ...[nodes, vips].flatMap((need, index) => (ranges[index]?.fits === false ? [short(need)] : [])),
  ];
  const [pool] = ranges;
  const most = machines.nodes + Math.max(0, (pool?.usable ?? machines.required) - machines.required);
  return {
    model: request.model,
    required: machines.required,
    reserved: 0,
    usable: pool?.usable ?? null,
    smallestPrefix: pool?.smallestPrefix ?? null,
    ranges,
    fits: reasons.length === 0,
    maxNodes: reasons.length === 0 ? most : 0,
    maxPods: reasons.length === 0 ? most * request.maxPods : 0,
    warnings: [],
    reasons,
  };
}

interface PoolNeed {
  readonly name: string;
  readonly range: AddressRange | undefined;
  readonly required: number;
  readonly sum: string;
}

function machineNeed(site: HciSite | EdgeSite): { nodes: number; required: number; sum: string } {
  if (site.kind === 'edge') {
    return { nodes: site.nodes, required: site.nodes + 1, sum: `${counted(site.nodes, 'node')} + 1` };
  }
  const nodes = site.clusters.reduce((sum, one) => sum + one.controlPlane + one.workers, 0);
  const each = updateAddresses + loadBalancerAddresses;
  return {
    nodes,
    required: hostAddresses + nodes + site.clusters.length * each,
    sum: `${hostAddresses} of the host + ${counted(nodes, 'node')} + ${counted(site.clusters.length, 'cluster')} x ${each} for updates and a load balancer`,
  };
}

/** As many addresses as the port has that most Services have: all others fit beside those. */
function mostOfOnePort(ports: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const port of ports) counts.set(port, (counts.get(port) ?? 0) + 1);
  return Math.max(...counts.values());
}

function planPool({ name, range, required }: PoolNeed): RangePlan {
  const usable = range === undefined ? null : sizeOf(range);
  return {
    name,
    prefix: range === undefined ? null : formatRange(range),
    required,
    reserved: 0,
    usable,
    fits: usable === null || required <= usable,
    smallestPrefix: 32 - Math.ceil(Math.log2(required)),
  };
}

function short({ name, range, required, sum }: PoolNeed): string {
  const held = range === undefined ? 0 : sizeOf(range);
  const text = range === undefined ? '' : formatRange(range);
  return `${name} ${text} has ${held} addresses to give, and ${required} are needed: ${sum}; it would fit with ${required - held} more`;
}

function overlap({ nodePool: a, vipPool: b }: PoolRequest): boolean {
  if (a === undefined || b === undefined) return false;
  return a.first.value <= b.last.value && b.first.value <= a.last.value;
}

function sizeOf({ first, last }: AddressRange): number {
  return Number(last.value - first.value) + 1;
}

/** `FIRST-LAST` or a prefix, of IPv4; undefined for anything else, and where it is upside down. */
export function parsePool(text: string): AddressRange | undefined {
  const prefix = parsePrefix(text);
  if (prefix !== undefined) return prefix.family === 'IPv4' ? rangeOf(prefix) : undefined;
  const [first, last, ...more] = text.split('-').map((part) => parseAddress(part.trim()));
  if (first?.family !== 'IPv4' || last?.family !== 'IPv4' || more.length > 0) return undefined;
  return first.value <= last.value ? { first, last } : undefined;
}
