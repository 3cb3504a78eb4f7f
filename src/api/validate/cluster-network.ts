import { bitsOf, parseAddress } from '../../lib/address.ts';
import { contains, parsePrefix, rangeOf, type Prefix } from '../../lib/prefix.ts';
import { clusterNetworkDefaults, rangeList, rangesOf } from '../defaults/network.ts';
import type { ClusterNetwork, ClusterNetworkSpec } from '../types/network.ts';
import { checkCidr } from './checks.ts';
import { invalid, notSupported, tooMany, type FieldProblem } from './problem.ts';

/** A range of Services needs room for its static band and for the two fixed addresses. */
const leastServiceBits = 4;

/** As many as the largest block of pod addresses of a node has. */
const mostPodsPerNode = 65534;

/** As many as a resolv.conf may name (MAXNS of libc). */
const mostResolvers = 3;
/** A day, in seconds. */
const longestMinimumTTL = 86_400;

/** Rules for the network's own configuration: one object, ranges that do not overlap. */
export function clusterNetworkProblems(network: ClusterNetwork): FieldProblem[] {
  const spec: ClusterNetworkSpec = { ...clusterNetworkDefaults, ...network.spec };
  const { maxPodsPerNode, nodePortAddresses, upstreamResolvers, minimumDomainTTL } = {
    ...clusterNetworkDefaults,
    ...spec,
  };
  const { podCIDR, serviceCIDR } = rangesOf(spec);
  const problems = [
    ...rangesProblems('spec.podCIDR', podCIDR),
    ...modelProblems(spec, { podCIDR, serviceCIDR }),
    ...rangesProblems('spec.serviceCIDR', serviceCIDR),
    ...nodePortAddresses.flatMap((range, index) => checkCidr(`spec.nodePortAddresses[${index}]`, range)),
    ...resolverProblems(upstreamResolvers, serviceCIDR),
  ];
  if (spec.cniMode === 'bridge' && spec.model !== 'azure-cni') {
    problems.push(invalid('spec.cniMode', spec.cniMode, 'is for the model azure-cni'));
  }
  if (network.metadata.name !== 'default') {
    problems.push(notSupported('metadata.name', network.metadata.name, ['default']));
  }
  if (maxPodsPerNode < 1 || maxPodsPerNode > mostPodsPerNode) {
    const detail = `must be between 1 and ${mostPodsPerNode}, inclusive`;
    problems.push(invalid('spec.maxPodsPerNode', maxPodsPerNode, detail));
  }
  if (minimumDomainTTL < 0 || minimumDomainTTL > longestMinimumTTL) {
    const detail = `must be between 0 and ${longestMinimumTTL}, inclusive`;
    problems.push(invalid('spec.minimumDomainTTL', minimumDomainTTL, detail));
  }
  return problems.length > 0 ? problems : pairProblems({ podCIDR, serviceCIDR });
}

/** Models whose pods and Services have IPv4 addresses only. */
const withoutIPv6: ReadonlySet<string> = new Set([
  'flannel',
  'kubenet',
  'azure-cni',
  'azure-cni-dynamic',
  'azure-cni-overlay',
]);

/** Of these, Azure keeps some for itself (AKS, configure-azure-cni, prerequisites). */
const inVirtualNetwork: ReadonlySet<string> = new Set(
  [...withoutIPv6].filter((model) => model !== 'flannel'),
);
const reservedByAzure = ['169.254.0.0/16', '172.30.0.0/16', '172.31.0.0/16', '192.0.2.0/24'] as const;

/** What a model cannot have. */
function modelProblems({ model = 'calico' }: ClusterNetworkSpec, texts: RangeTexts): FieldProblem[] {
  const fields = ['podCIDR', 'serviceCIDR'] as const;
  return fields.flatMap((field) =>
    rangeList(texts[field]).flatMap((text) => {
      const [path, range] = [`spec.${field}`, parsePrefix(text)];
      if (range === undefined) return [];
      if (range.family === 'IPv6' && withoutIPv6.has(model)) {
        return [invalid(path, text, `the model ${model} has no IPv6`)];
      }
      const taken = inVirtualNetwork.has(model)
        ? reservedByAzure.find((one) => meets(one, range))
        : undefined;
      return taken === undefined
        ? []
        : [invalid(path, text, `must not overlap ${taken}, which Azure reserves`)];
    }),
  );
}

function meets(text: string, range: Prefix): boolean {
  const prefix = parsePrefix(text);
  return prefix?.family === range.family && overlap(prefix, range);
}

/** Addresses, and none of a Service: the cluster's DNS server would ask itself. */
function resolverProblems(servers: readonly string[], serviceCIDR: string): FieldProblem[] {
  const path = 'spec.upstreamResolvers';
  if (servers.length > mostResolvers) return [tooMany(path, servers.length, mostResolvers)];
  const services = rangeList(serviceCIDR).flatMap((range) => parsePrefix(range) ?? []);
  return servers.flatMap((text, index) => {
    const [at, address] = [`${path}[${index}]`, parseAddress(text)];
    if (address === undefined) return [invalid(at, text, 'must be an IP address, such as 192.0.2.53')];
    const isService = services.some((range) => contains(range, address));
    return isService ? [invalid(at, text, 'must not be an address of a Service')] : [];
  });
}

/** One range, or one of each family. */
function rangesProblems(path: string, text: string): FieldProblem[] {
  const ranges = rangeList(text);
  if (ranges.length > 2) return [tooMany(path, ranges.length, 2)];
  const problems = ranges.flatMap((range) => checkCidr(path, range));
  if (problems.length > 0) return problems;
  const [first, second] = ranges.map(parsePrefix);
  if (second === undefined || first?.family !== second.family) return [];
  return [invalid(path, text, 'two ranges must be of different families')];
}

interface RangeTexts {
  readonly podCIDR: string;
  readonly serviceCIDR: string;
}

function pairProblems(texts: RangeTexts): FieldProblem[] {
  const { podCIDR, serviceCIDR } = texts;
  const [pods, services] = [podCIDR, serviceCIDR].map((text) =>
    rangeList(text).flatMap((range) => parsePrefix(range) ?? []),
  );
  if (pods === undefined || services === undefined) return [];
  if (pods.map(({ family }) => family).join() !== services.map(({ family }) => family).join()) {
    const what = pods.length + services.length > 2 ? 'families, in the same order,' : 'family';
    return [invalid('spec.serviceCIDR', serviceCIDR, `must be of the same ${what} as podCIDR (${podCIDR})`)];
  }
  return services.flatMap((range, index) => {
    const podRange = pods[index];
    return podRange === undefined ? [] : rangeProblems(podRange, range, texts);
  });
}

function rangeProblems(pods: Prefix, services: Prefix, { podCIDR, serviceCIDR }: RangeTexts): FieldProblem[] {
  const problems: FieldProblem[] = [];
  if (bitsOf(services.family) - services.length < leastServiceBits) {
    problems.push(invalid('spec.serviceCIDR', serviceCIDR, 'must hold at least 16 addresses'));
  }
  if (overlap(pods, services)) {
    problems.push(invalid('spec.serviceCIDR', serviceCIDR, `must not overlap podCIDR (${podCIDR})`));
  }
  return problems;
}

function overlap(one: Prefix, other: Prefix): boolean {
  const [a, b] = [rangeOf(one), rangeOf(other)];
  return a.first.value <= b.last.value && b.first.value <= a.last.value;
}
