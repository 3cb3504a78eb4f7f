import type { Node, Pod } from '../../api/types/core.ts';
import type { VirtualMachine, VirtualNetwork } from '../../api/types/fabric.ts';
import type { Change, Informer } from '../../client/port.ts';
import { sameJson } from '../../lib/same-json.ts';
import type { Room } from '../../model/addressing/ledger.ts';
import {
  machineAddresses,
  podRoomOf,
  podSubnetOf,
  type PodSubnet,
  type SubnetMode,
} from '../../model/addressing/pod-subnets.ts';
import { ownAddresses } from '../../model/network/pod-addresses.ts';
import { hasEnded } from '../../model/workloads/pod-state.ts';
import type { ControllerContext } from '../controller.ts';
import { indexOf } from '../index-of.ts';
import { addressOf } from './new-node-config.ts';

/** The subnets that pods have addresses of, and who needs how many. */
export interface FollowedSubnets {
  /** Undefined when no node has addresses of it any more. */
  get(id: string): PodSubnet | undefined;
  ids(): Iterable<string>;
  nodesOf(subnet: PodSubnet): readonly Node[];
  roomOf(subnet: PodSubnet): Room;
  /** Pods of a node that need an address. */
  podsOf(node: string): readonly Pod[];
  /** Every address that a pod says it has. */
  podAddresses(): string[];
  /** Calls back for subnets of which something changed; changes of pods count where addresses are `short`. */
  follow(look: (id: string) => void, isShort: (id: string) => boolean): (() => void)[];
}

interface Sources {
  readonly networks: Informer<VirtualNetwork>;
  readonly machines: Informer<VirtualMachine>;
  readonly mode: SubnetMode;
}

export function followSubnets(
  { cache, config }: Pick<ControllerContext, 'cache' | 'config'>,
  { networks, machines, mode }: Sources,
): FollowedSubnets {
  const subnets = new Map<string, { readonly subnet: PodSubnet; readonly nodes: Map<string, Node> }>();
  const idOfNode = new Map<string, string>();
  const pods = indexOf(cache.pods, (pod) => (needsAddress(pod) ? [pod.spec.nodeName ?? ''] : []));

  const leave = (name: string): string | undefined => {
    const id = idOfNode.get(name);
    if (id === undefined) return undefined;
    idOfNode.delete(name);
    const entry = subnets.get(id);
    entry?.nodes.delete(name);
    return id;
  };

  const enter = (node: Node): string | undefined => {
    const subnet = podSubnetOf(config, addressOf(node), networks.values());
    if (subnet === undefined) return undefined;
    const entry = subnets.get(subnet.id);
    const nodes = entry?.nodes ?? new Map<string, Node>();
    nodes.set(node.metadata.name, node);
    subnets.set(subnet.id, { subnet, nodes });
    idOfNode.set(node.metadata.name, subnet.id);
    return subnet.id;
  };

  const nodeChanged = ({ key, previous, current }: Change<Node>, look: (id: string) => void): void => {
    // Heartbeats change nothing here.
    if (current !== undefined && previous !== undefined && isSamePlace(previous, current)) return;
    for (const id of [leave(key), current && enter(current)]) if (id !== undefined) look(id);
  };

  const networksChanged = (look: (id: string) => void): void => {
    for (const node of cache.nodes.values()) {
      for (const id of [leave(node.metadata.name), enter(node)]) if (id !== undefined) look(id);
    }
  };

  return {
    get: (id) => subnets.get(id)?.subnet,
    ids: () => subnets.keys(),
    nodesOf: ({ id }) => [...(subnets.get(id)?.nodes.values() ?? [])],
    roomOf: (subnet) => podRoomOf(subnet, mode, machineAddresses(cache.nodes.values(), machines.values())),
    podsOf: (node) => pods.get(node),
    podAddresses: () => [...cache.pods.values()].flatMap(ownAddresses),
    follow(look, isShort) {
      const lookAtAll = (): void => {
        for (const id of subnets.keys()) look(id);
      };
      return [
        cache.nodes.onChange((change) => nodeChanged(change, look)),
        networks.onChange(() => networksChanged(look)),
        machines.onChange(lookAtAll),
        cache.pods.onChange(({ previous, current }) => {
          const id = idOfNode.get((current ?? previous)?.spec.nodeName ?? '');
          if (id !== undefined && isShort(id)) look(id);
        }),
        () => pods.end(),
      ];
    },
  };
}

function needsAddress(pod: Pod): boolean {
  const { nodeName, hostNetwork } = pod.spec;
  return nodeName !== undefined && nodeName !== '' && hostNetwork !== true && !hasEnded(pod);
}

function isSamePlace(previous: Node, current: Node): boolean {
  return (
    previous.metadata.uid === current.metadata.uid &&
    sameJson(previous.status?.addresses, current.status?.addresses) &&
    sameJson(previous.status?.allocatable, current.status?.allocatable)
  );
}
