import { readFileSync } from 'node:fs';
import { WeftError } from '../lib/errors.ts';
import { labNodeAddress, labNodeName } from '../model/network/lab-addresses.ts';
import { podBlock } from '../model/network/places.ts';
import { defaultNetworkConfig, type NetworkConfig } from '../model/network/config.ts';
import type { NodePlace } from '../model/network/topology.ts';

/** What `up` decides about a lab and every process of it reads. */
export interface LabOptions {
  readonly name: string;
  readonly nodes: number;
  readonly config: NetworkConfig;
}

/** A /16 of pod addresses holds a /24 for this many nodes, and the node segment more. */
export const mostNodes = 200;

export function readLabOptions(path: string): LabOptions {
  return JSON.parse(readFileSync(path, 'utf8')) as LabOptions;
}

/** The nodes of a lab and their addresses, which follow from their number alone. */
export function labPlaces({
  nodes,
  config = defaultNetworkConfig,
}: {
  nodes: number;
  config?: NetworkConfig;
}): NodePlace[] {
  return Array.from({ length: nodes }, (_, index) => {
    const podCidr = podBlock(config, index);
    if (podCidr === undefined) {
      throw new WeftError('pod-range-too-small', `${config.podCidr} has no block for node ${index + 1}`, {
        fault: 'input',
        hint: 'use fewer nodes or a larger ClusterNetwork spec.podCIDR',
      });
    }
    const tunnelAddress = podCidr.slice(0, podCidr.indexOf('/'));
    return { name: labNodeName(index), address: labNodeAddress(index), podCidr, tunnelAddress };
  });
}
