import { resourceOf, fabricResources, layer2Resources } from '../resources.ts';
import type { Site, VirtualNetwork } from '../types/fabric.ts';
import type { Segment, VirtualSwitch } from '../types/layer2.ts';
import type { KubernetesObject } from '../types/meta.ts';
import type { ClusterNetworkSpec } from '../types/network.ts';
import { overlapping } from './fabric/prefixes.ts';
import { invalid, type FieldProblem } from './problem.ts';

/** What a cluster keeps for itself: a list of CIDRs for each field of its ClusterNetwork. */
export interface ClusterRanges {
  readonly podCIDR: readonly string[];
  readonly serviceCIDR: readonly string[];
}

/** Models whose pods have addresses of the virtual network, and no range of their own. */
const podsInNetwork: ReadonlySet<string> = new Set(['azure-cni', 'azure-cni-dynamic']);

/** The ranges that are in use: a model without a pod range has none. */
export function usedRanges(model: ClusterNetworkSpec['model'], ranges: ClusterRanges): ClusterRanges {
  return podsInNetwork.has(model ?? '') ? { ...ranges, podCIDR: [] } : ranges;
}

/**
 * What an object of the world around the nodes takes of the cluster's ranges. Nodes translate what is for an address of a Service
 * and route what is for one of a pod: nobody out there with such an address would be reached (AKS, concepts-network-legacy-cni).
 */
export function clusterRangeProblems(object: KubernetesObject, ranges: () => ClusterRanges): FieldProblem[] {
  const prefixes = prefixesOf(object);
  if (prefixes.length === 0) return [];
  const { podCIDR, serviceCIDR } = ranges();
  const used = [
    ...serviceCIDR.map((cidr) => ({ cidr, of: 'Services', field: 'serviceCIDR' })),
    ...podCIDR.map((cidr) => ({ cidr, of: 'pods', field: 'podCIDR' })),
  ];
  return prefixes.flatMap(({ path, prefix }) => {
    const taken = used.find(({ cidr }) => overlapping(cidr, prefix));
    if (taken === undefined) return [];
    const { cidr, of, field } = taken;
    const why = `must not overlap ${cidr}, the range of ${of} (ClusterNetwork, spec.${field})`;
    return [invalid(path, prefix, why)];
  });
}

interface PrefixAt {
  readonly path: string;
  readonly prefix: string;
}

/** The addresses that an object describes, where somebody out there may have them. */
function prefixesOf(object: KubernetesObject): PrefixAt[] {
  const resource = resourceOf(object);
  // What a resource serves is of the resource's type.
  if (resource === layer2Resources.segments || resource === layer2Resources.virtualswitches) {
    const { spec: { prefix } = {} } = object as Segment | VirtualSwitch;
    return prefix === undefined ? [] : [{ path: 'spec.prefix', prefix }];
  }
  const listed = (field: string, prefixes: readonly string[]): PrefixAt[] =>
    prefixes.map((prefix, index) => ({ path: `spec.${field}[${index}]`, prefix }));
  if (resource === fabricResources.virtualnetworks)
    return listed('addressSpace', (object as VirtualNetwork).spec.addressSpace);
  return resource === fabricResources.sites ? listed('prefixes', (object as Site).spec.prefixes) : [];
}
