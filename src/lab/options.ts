import { readFileSync } from 'node:fs';
import type { KubernetesObject } from '../api/types/meta.ts';
import type { ControllerName } from '../controllers/controllers.ts';
import { WeftError } from '../lib/errors.ts';
import { blockShortage } from '../model/addressing/node-blocks.ts';
import { mostNodesOfCluster } from '../model/network/lab-addresses.ts';
import { labPlace } from '../model/network/lab-places.ts';
import { countPodBlocks } from '../model/network/places.ts';
import { defaultNetworkConfig, type NetworkConfig } from '../model/network/config.ts';
import type { NodePlace } from '../model/network/topology.ts';

/** What `up` decides about a lab and every process of it reads. */
export interface LabOptions {
  readonly name: string;
  readonly nodes: number;
  readonly config: NetworkConfig;
  /** The API server writes down every request. */
  readonly audit?: boolean;
  /** Which cluster of its lab this is; the first, 0, whose network the others share, when absent. */
  readonly ordinal?: number;
  /** A further cluster of a lab that is on a network of its own: router, internet and all. */
  readonly ownNetwork?: boolean;
  /** Where the lab has no API server of its own. */
  readonly cluster?: LabCluster;
  /** The virtual network that it begins with, and what belongs to it; that of its model when absent. */
  readonly begun?: readonly KubernetesObject[];
}

/** An API server that was there before the lab, and stays. */
export interface LabCluster {
  /** URL, for people: how it is reached stands in the lab's kubeconfig. */
  readonly server: string;
  /** What the lab makes there has this mark, see `lab/cluster/belongings`. */
  readonly mark: string;
  /** The controllers that the lab runs there. */
  readonly controllers: readonly ControllerName[];
}

/** A /16 of pod addresses holds a /24 for this many nodes, and the node segment more. */
export const mostNodes = mostNodesOfCluster;

export function readLabOptions(path: string): LabOptions {
  return JSON.parse(readFileSync(path, 'utf8')) as LabOptions;
}

/**
 * The nodes of a cluster of a lab and their addresses, which follow from its ordinal and their number alone. Throws
 * `pod-range-too-small` where the pod ranges have no block for one of them.
 */
export function labPlaces({
  nodes,
  config = defaultNetworkConfig,
  ordinal,
}: {
  nodes: number;
  config?: NetworkConfig;
  ordinal?: number;
}): NodePlace[] {
  return Array.from({ length: nodes }, (_, index) => {
    const place = labPlace(config, index, ordinal);
    if (place !== undefined) return place;
    const missing = nodes - countPodBlocks(config);
    throw new WeftError('pod-range-too-small', blockShortage(config, nodes, missing), {
      fault: 'input',
      hint: 'use fewer --nodes, or a larger spec.podCIDR of the ClusterNetwork',
    });
  });
}
