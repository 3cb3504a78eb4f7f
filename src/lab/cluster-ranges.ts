import { clusterRangeProblems, usedRanges, type ClusterRanges } from '../api/validate/cluster-ranges.ts';
import { overlapping } from '../api/validate/fabric/prefixes.ts';
import { invalid, type FieldProblem } from '../api/validate/problem.ts';
import { labAddressesOf } from '../model/network/lab-addresses.ts';
import type { NetworkConfig } from '../model/network/config.ts';
import { WeftError } from '../lib/errors.ts';
import { placed, type Written } from './written.ts';

/**
 * Throws `range-overlaps` where manifests give somebody around the nodes addresses of the cluster's own ranges, or these are the
 * nodes' own: a line for each with where it is written.
 */
export function requireOwnRanges(
  { model, podCidrs, serviceCidrs }: Pick<NetworkConfig, 'model' | 'podCidrs' | 'serviceCidrs'>,
  objects: readonly Written[],
): void {
  const ranges = usedRanges(model, { podCIDR: podCidrs, serviceCIDR: serviceCidrs });
  const network = objects.find(({ object }) => object.kind === 'ClusterNetwork');
  const found = [
    ...objects.flatMap((one) => clusterRangeProblems(one.object, () => ranges).map(placed(one))),
    ...nodeProblems(ranges).map(network === undefined ? unplaced : placed(network)),
  ];
  if (found.length === 0) return;
  throw new WeftError('range-overlaps', found.join('\n'), {
    fault: 'input',
    hint: 'choose other addresses there, or another range for the ClusterNetwork',
  });
}

/** Where the addresses of nodes, which are the same in all labs, are in one of the ranges. */
function nodeProblems(ranges: ClusterRanges): FieldProblem[] {
  const segments = Object.values(labAddressesOf).map(({ segment }) => segment);
  return (['podCIDR', 'serviceCIDR'] as const).flatMap((field) =>
    ranges[field].flatMap((cidr) => {
      const taken = segments.find((segment) => overlapping(segment, cidr));
      const why = `must not overlap ${taken}, where the nodes are`;
      return taken === undefined ? [] : [invalid(`spec.${field}`, cidr, why)];
    }),
  );
}

const unplaced = ({ path, message }: FieldProblem): string => `ClusterNetwork: ${path}: ${message}`;
