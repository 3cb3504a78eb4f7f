import type { Client } from '../../client/port.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { modelTraits, type NetworkModel } from '../../model/network/models.ts';
import type { NodePlace } from '../../model/network/topology.ts';
import type { AddressSource } from './address-source.ts';
import { assignedSource } from './assigned-source.ts';
import { blockSources } from './block-source.ts';
import { createNodeConfigs, type NodeMember } from './node-configs.ts';

/** Where the pods of the nodes of this process have their addresses from, as the network model says. */
export interface NodeAddressing {
  /** Resolves when it is known what the nodes have. */
  readonly synced: Promise<void>;
  sourcesOf(place: NodePlace): AddressSource[];
  /** See `NodeConfigs`. */
  join(node: string, member: NodeMember): void;
  leave(node: string): void;
  touch(node: string): void;
  stop(): Promise<void>;
}

export interface NodeAddressingOptions {
  readonly client: Client;
  readonly clientOf: (node: string) => Client;
  readonly config: { readonly model: NetworkModel };
  readonly clock: Clock;
  readonly log: Log;
}

export function createNodeAddressing(options: NodeAddressingOptions): NodeAddressing {
  if (modelTraits[options.config.model].podAddresses !== 'network') return ofBlocks;
  const configs = createNodeConfigs(options);
  return { ...configs, sourcesOf: ({ name }) => [assignedSource(name, configs)] };
}

/** A block is the node's for as long as it lives. */
const ofBlocks: NodeAddressing = {
  synced: Promise.resolve(),
  sourcesOf: blockSources,
  join() {},
  leave() {},
  touch() {},
  stop: () => Promise.resolve(),
};
