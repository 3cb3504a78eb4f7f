import type { NetworkPolicyPeer, NetworkPolicyPort } from '../../api/types/network.ts';
import type { Protocol } from '../../api/types/meta.ts';
import type { Prefix } from '../../lib/prefix.ts';
import { ipBlocks } from './blocks.ts';

/** What one direction of a policy is to let through. */
export interface Openings {
  /** Opens a port towards pods. */
  addPeer(peer: NetworkPolicyPeer, protocol: Protocol, port: number): void;
  /** Opens a port towards an address outside the cluster, or of a node. */
  addAddress(address: string, protocol: Protocol, port: number): void;
  /** A rule for all peers that have the same ports. */
  rules(
    ownRanges: readonly Prefix[],
  ): { readonly peers: NetworkPolicyPeer[]; readonly ports: NetworkPolicyPort[] }[];
}

type Ports = Map<string, NetworkPolicyPort>;

export function createOpenings(): Openings {
  const peers = new Map<string, { readonly peer: NetworkPolicyPeer; readonly ports: Ports }>();
  const addresses = new Map<string, Ports>();
  const open = (ports: Ports, protocol: Protocol, port: number): void => {
    ports.set(`${protocol} ${String(port).padStart(5, '0')}`, { protocol, port });
  };
  return {
    addPeer(peer, protocol, port) {
      const key = JSON.stringify(peer);
      const known = peers.get(key) ?? { peer, ports: new Map() };
      peers.set(key, known);
      open(known.ports, protocol, port);
    },
    addAddress(address, protocol, port) {
      const ports = addresses.get(address) ?? new Map();
      addresses.set(address, ports);
      open(ports, protocol, port);
    },
    rules(ownRanges) {
      const ofPods = Map.groupBy(peers.values(), ({ ports }) => keyOf(ports));
      const ofAddresses = Map.groupBy(addresses, ([, ports]) => keyOf(ports));
      const keys = [...new Set([...ofPods.keys(), ...ofAddresses.keys()])].sort();
      return keys.map((key) => {
        const pods = ofPods.get(key) ?? [];
        const outside = ofAddresses.get(key) ?? [];
        const ports = pods[0]?.ports ?? outside[0]?.[1] ?? new Map<string, NetworkPolicyPort>();
        const selected = pods
          .map(({ peer }) => peer)
          .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
        const blocks = ipBlocks(
          outside.map(([address]) => address),
          ownRanges,
        );
        return {
          peers: [...selected, ...blocks],
          ports: Array.from([...ports].sort(byKey), ([, port]) => port),
        };
      });
    },
  };
}

const keyOf = (ports: Ports): string => [...ports.keys()].sort().join();

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);
