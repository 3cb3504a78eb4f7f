import { addressResources } from '../../api/resources.ts';
import type { NodeNetworkConfig } from '../../api/types/address.ts';
import type { Client } from '../../client/port.ts';
import type { Clock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { createWorkQueue, type NextRun } from '../../lib/queue.ts';
import { nodeConfigNamespace } from '../../model/addressing/config-status.ts';
import type { PodSubnetEnd } from '../../plan/links/node.ts';
import { nextSpec, ownAddressesOf, type NodeNeeds } from '../../model/addressing/node-spec.ts';

/** The addresses that nodes have of subnets for their pods: what they are told, and what they ask for. */
export interface NodeConfigs {
  /** Resolves when it is known what every node has. */
  readonly synced: Promise<void>;
  /** Addresses that the node may give to pods now, in order. */
  addressesOf(node: string): readonly string[];
  /** The subnet that they are of; undefined before the node has any. */
  subnetOf(node: string): PodSubnetEnd | undefined;
  /** Looks after a node: it asks for what `needs` says and gives back the rest. `onMore`: it may have more addresses. */
  join(node: string, member: NodeMember): void;
  leave(node: string): void;
  /** The needs of the node may have changed. */
  touch(node: string): void;
  stop(): Promise<void>;
}

export interface NodeMember {
  readonly needs: () => NodeNeeds;
  readonly onMore: () => void;
}

export interface NodeConfigsOptions {
  /** Reads those of all nodes. */
  readonly client: Client;
  /** Writes as a node. */
  readonly clientOf: (node: string) => Client;
  readonly clock: Clock;
  readonly log: Log;
}

/** What is being given back, and not yet seen to be: as long as the object is the one that this was decided about. */
interface Returning {
  readonly resourceVersion: string | undefined;
  readonly addresses: ReadonlySet<string>;
}

const resource = addressResources.nodenetworkconfigs;
/** Pods come and go in bursts; who asks for addresses in batches can wait so long. */
const gatherMs = 5;

export function createNodeConfigs({ client, clientOf, clock, log }: NodeConfigsOptions): NodeConfigs {
  const configs = client.informer(resource);
  const members = new Map<string, NodeMember>();
  const returning = new Map<string, Returning>();
  const known = new Map<string, readonly string[]>();
  const configOf = (node: string): NodeNetworkConfig | undefined =>
    configs.get(`${nodeConfigNamespace}/${node}`);

  const ask = async (node: string): Promise<NextRun> => {
    const [config, member] = [configOf(node), members.get(node)];
    const spec = config && member && nextSpec(config, member.needs());
    if (config === undefined || spec === undefined) return 'never';
    const { uid, resourceVersion } = config.metadata;
    const before = new Set(config.spec.ipsNotInUse);
    const addresses = new Set(spec.ipsNotInUse?.filter((address) => !before.has(address)));
    // From now on no pod gets them, whatever becomes of the request: it may arrive late, as may one before it.
    const earlier = returning.get(node);
    const isSame = earlier !== undefined && earlier.resourceVersion === resourceVersion;
    returning.set(node, {
      resourceVersion,
      addresses: isSame ? addresses.union(earlier.addresses) : addresses,
    });
    known.delete(node);
    try {
      const name = { namespace: nodeConfigNamespace, name: node };
      await clientOf(node).patch(resource, name, { body: { metadata: { uid, resourceVersion }, spec } });
      return 'never';
    } catch (error) {
      log.debug({ node, error: messageOf(error) }, 'addresses could not be asked for');
      return 'back-off';
    }
  };

  const queue = createWorkQueue({ clock, handler: ask, concurrency: 16 });
  queue.start();

  const addressesOf = (node: string): readonly string[] => {
    const found = known.get(node);
    if (found !== undefined) return found;
    const config = configOf(node);
    const back = returning.get(node);
    const isCurrent = back !== undefined && back.resourceVersion === config?.metadata.resourceVersion;
    const own = config === undefined ? [] : ownAddressesOf(config);
    const addresses = isCurrent ? own.filter((address) => !back.addresses.has(address)) : own;
    known.set(node, addresses);
    return addresses;
  };

  const end = configs.onChange(({ previous, current }) => {
    const node = (current ?? previous)?.metadata.name ?? '';
    const before = known.get(node)?.length ?? 0;
    known.delete(node);
    if (addressesOf(node).length > before) members.get(node)?.onMore();
    queue.add(node);
  });

  return {
    synced: configs.synced,
    addressesOf,
    subnetOf(node) {
      const [container] = configOf(node)?.status?.networkContainers ?? [];
      return container && { prefix: container.subnetAddressSpace, gateway: container.defaultGateway };
    },
    join(node, member) {
      members.set(node, member);
      queue.add(node);
    },
    leave: (node) => void members.delete(node),
    touch: (node) => queue.addAfter(node, gatherMs),
    async stop() {
      end();
      await queue.stop();
    },
  };
}
