import { bitsOf } from '../../lib/address.ts';
import { parsePrefix, rangeOf, type Prefix } from '../../lib/prefix.ts';
import { clusterNetworkDefaults } from '../defaults/network.ts';
import type { ClusterNetwork, ClusterNetworkSpec } from '../types/network.ts';
import { checkCidr } from './checks.ts';
import { invalid, notSupported, type FieldProblem } from './problem.ts';

/** A range of Services needs room for its static band and for the two fixed addresses. */
const leastServiceBits = 4;

/** As many as the largest block of pod addresses of a node has. */
const mostPodsPerNode = 65534;

/** Rules for the network's own configuration: one object, ranges that do not overlap. */
export function clusterNetworkProblems(network: ClusterNetwork): FieldProblem[] {
  const spec: ClusterNetworkSpec = { ...clusterNetworkDefaults, ...network.spec };
  const { podCIDR, serviceCIDR, maxPodsPerNode } = { ...clusterNetworkDefaults, ...spec };
  const problems = [...checkCidr('spec.podCIDR', podCIDR), ...checkCidr('spec.serviceCIDR', serviceCIDR)];
  if (network.metadata.name !== 'default') {
    problems.push(notSupported('metadata.name', network.metadata.name, ['default']));
  }
  if (maxPodsPerNode < 1 || maxPodsPerNode > mostPodsPerNode) {
    const detail = `must be between 1 and ${mostPodsPerNode}, inclusive`;
    problems.push(invalid('spec.maxPodsPerNode', maxPodsPerNode, detail));
  }
  const [pods, services] = [parsePrefix(podCIDR), parsePrefix(serviceCIDR)];
  if (problems.length > 0 || pods === undefined || services === undefined) return problems;
  return rangeProblems(pods, services, { podCIDR, serviceCIDR });
}

function rangeProblems(
  pods: Prefix,
  services: Prefix,
  { podCIDR, serviceCIDR }: { podCIDR: string; serviceCIDR: string },
): FieldProblem[] {
  const problems: FieldProblem[] = [];
  if (bitsOf(services.family) - services.length < leastServiceBits) {
    problems.push(invalid('spec.serviceCIDR', serviceCIDR, 'must hold at least 16 addresses'));
  }
  if (pods.family !== services.family) {
    problems.push(
      invalid('spec.serviceCIDR', serviceCIDR, `must be of the same family as podCIDR (${podCIDR})`),
    );
  } else if (overlap(pods, services)) {
    problems.push(invalid('spec.serviceCIDR', serviceCIDR, `must not overlap podCIDR (${podCIDR})`));
  }
  return problems;
}

function overlap(one: Prefix, other: Prefix): boolean {
  const [a, b] = [rangeOf(one), rangeOf(other)];
  return a.first.value <= b.last.value && b.first.value <= a.last.value;
}
