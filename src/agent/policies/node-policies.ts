import { familyOf, parseAddress } from '../../lib/address.ts';
import type { Nftables } from '../../kernel/nft/port.ts';
import type { NetworkConfig } from '../../model/network/config.ts';
import { traitsOf } from '../../model/network/models.ts';
import { ownAddresses } from '../../model/network/pod-addresses.ts';
import { everyNodeAddress, placeFamilies, type NodePlace } from '../../model/network/topology.ts';
import { isRestricted } from '../../model/policy/permits.ts';
import type { PodPolicy } from '../../model/policy/port.ts';
import { podInterface, podLinks } from '../../plan/links/node.ts';
import { tunnelPackets } from '../../plan/links/tunnels.ts';
import type { PolicyNumbers } from '../../plan/policy/numbers.ts';
import { nodeTable } from '../../plan/policy/node-table.ts';
import type { ClusterView, Dirty } from '../cluster-view.ts';
import { cutConnections, type AddressDirectory } from './connection-cutter.ts';
import type { TrackedNode } from '../connections.ts';
import { createPolicyEnforcer, type PolicyEnforcer } from './policy-enforcer.ts';
import type { RunningPod } from '../pods/running-pod.ts';

/** What policies say about the pods of one node, in its tables and about the connections that there are. */
export interface NodePolicies {
  /** One for each family; none where the network model enforces no policies. */
  readonly tables: readonly PolicyEnforcer[];
  /** Stages a pod's isolation; undefined withdraws it, and whatever it sends then drops. */
  stage(key: string, pod: RunningPod | undefined): void;
  /** Programs what changed, and what is staged. */
  apply(dirty: Dirty): void;
  /** Programs what is staged. */
  commit(): void;
  /** Holds connections to what changed: in steps, of which each judges by the policies of its own time. */
  judge(dirty: Dirty, node: TrackedNode): Iterable<unknown>;
  /** The same with the connections of all pods of the node. */
  judgeAll(node: TrackedNode): Iterable<unknown>;
  /** The node's pods, by key. */
  pods(): Iterable<readonly [key: string, pod: RunningPod]>;
}

export interface NodePoliciesOptions {
  readonly place: NodePlace;
  readonly netns: string;
  readonly view: ClusterView;
  readonly config: NetworkConfig;
  readonly nft: Nftables;
  readonly numbers: PolicyNumbers;
}

export function createNodePolicies({
  place,
  netns,
  view,
  config,
  nft,
  numbers,
}: NodePoliciesOptions): NodePolicies {
  const traits = traitsOf(config);
  const residents = everyNodeAddress(place);
  const classAt = (address: string): number => {
    const key = view.podAt.get(address);
    return key === undefined ? 0 : view.policies.classOf(key);
  };
  const tables = (traits.enforcesPolicies ? placeFamilies(place) : []).map((family) =>
    createPolicyEnforcer({
      nft,
      netns,
      family,
      residents: residents.filter((address) => familyOf(address) === family),
      numbers,
      classAt,
      layout: nodeTable({
        podLinks: podLinks(traits),
        family,
        tunnels: tunnelPackets(place, traits, family),
      }),
      linkOf: (uid) => podInterface(traits, uid),
    }),
  );
  /** The node's pods, each with its allowances as programmed: a pod that leaves keeps its last. */
  const local = new Map<string, { readonly pod: RunningPod; readonly policy: PodPolicy }>();
  const localByAddress = new Map<string, string>();
  /** Addresses of pods that were programmed before: only those can have connections to judge. */
  const known = new Set<string>();

  const directory: AddressDirectory = {
    localPolicy(address) {
      const key = localByAddress.get(address);
      return key === undefined ? undefined : local.get(key)?.policy;
    },
    classAt,
    isResident: (address) => residents.includes(address),
    wasNamed({ client, server, protocol, port }) {
      const [pod, domains] = [localByAddress.get(client), view.domains.namesAt(server)];
      if (pod === undefined || domains.length === 0) return false;
      const peer = { pod: view.podAt.get(server), address: parseAddress(server), domains };
      const question = { direction: 'egress', pod, peer, protocol, port } as const;
      return view.policies.decide(question).verdict === 'allowed';
    },
  };

  const addressesOf = (key: string): readonly string[] => {
    const pod = view.pods.get(key);
    return pod === undefined ? [] : ownAddresses(pod);
  };

  const cut = (addresses: ReadonlySet<string>, node: TrackedNode): Iterable<unknown> =>
    config.establishedConnections === 'keep' || addresses.size === 0
      ? []
      : cutConnections({ ...node, directory }, addresses);

  /** Whose connections are to be judged anew. */
  const changedAddresses = (dirty: Dirty): ReadonlySet<string> => {
    const addresses = new Set<string>();
    // Each end of a connection is judged where it is; who a peer is matters to those whom a policy isolates.
    const own = [...dirty.policies].filter((key) => local.has(key));
    const peers = [...local.values()].some(({ policy }) => isIsolated(policy)) ? dirty.classes : [];
    for (const key of [...own, ...peers]) {
      for (const address of addressesOf(key)) if (known.has(address)) addresses.add(address);
    }
    return addresses;
  };

  const stage = (key: string, pod: RunningPod | undefined): void => {
    const previous = local.get(key)?.pod;
    for (const address of previous?.addresses ?? []) localByAddress.delete(address);
    const policy = view.policies.policyOf(key);
    if (pod === undefined) local.delete(key);
    else {
      local.set(key, { pod, policy });
      for (const address of pod.addresses) localByAddress.set(address, key);
    }
    for (const table of tables) table.setLocalPod(key, pod, policy);
  };

  const commit = (): void => {
    for (const table of tables) table.commit();
  };

  return {
    tables,
    stage,
    commit,
    apply(dirty) {
      for (const key of new Set([...dirty.pods, ...dirty.classes])) {
        const [addresses, peerClass] = [addressesOf(key), view.policies.classOf(key)];
        for (const table of tables) table.setPeer(key, addresses, peerClass);
      }
      for (const key of dirty.policies) {
        const pod = local.get(key)?.pod;
        // The model has forgotten a pod that is gone, or knows another one of its name.
        if (pod !== undefined && view.pods.get(key)?.metadata.uid === pod.uid) stage(key, pod);
      }
      commit();
    },
    judge(dirty, node) {
      const addresses = changedAddresses(dirty);
      for (const key of dirty.pods) {
        for (const address of addressesOf(key)) known.add(address);
      }
      return cut(addresses, node);
    },
    judgeAll: (node) => cut(new Set(localByAddress.keys()), node),
    *pods() {
      for (const [key, { pod }] of local) yield [key, pod];
    },
  };
}

function isIsolated({ ingress, egress }: PodPolicy): boolean {
  return isRestricted(ingress) || isRestricted(egress);
}
