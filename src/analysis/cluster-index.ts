import type { Protocol } from '../api/types/meta.ts';
import { parseAddress, type Family } from '../lib/address.ts';
import { once } from '../lib/once.ts';
import { parsePrefix, type Prefix } from '../lib/prefix.ts';
import type { Cluster } from '../model/cluster.ts';
import { podFacts } from '../model/identity/pod-facts.ts';
import { createLookups, type Lookups } from '../model/fabric/network/lookups.ts';
import { announcementsOf, nodesAnnouncing } from '../model/load-balancer/bgp-announcements.ts';
import { peersToSpeakWith } from '../model/load-balancer/bgp-peers.ts';
import { announcingNodes } from '../model/load-balancer/layer2.ts';
import { poolsOf } from '../model/load-balancer/pools.ts';
import { modelTraits } from '../model/network/models.ts';
import { placesOf } from '../model/network/places.ts';
import { spaceOfPods } from '../model/network/network-space.ts';
import { ownAddresses } from '../model/network/pod-addresses.ts';
import type { SourceNetwork } from '../model/network/source.ts';
import { everyNodeAddress, familyPlaces, nodeLink, type NodePlace } from '../model/network/topology.ts';
import { fromAdminPolicy, fromBaselinePolicy } from '../model/policy/older-policies.ts';
import { nodeFacts } from '../model/identity/node-facts.ts';
import { createPolicyModel } from '../model/policy/policy-model.ts';
import type { PolicyModel } from '../model/policy/port.ts';
import type { ServicePortModel } from '../model/services/port.ts';
import { createServiceModel } from '../model/services/service-model.ts';
import { describedNetworks, settledWorld } from './described-world.ts';
import { segmentWorldOf, type SegmentWorld } from './segment-world.ts';

/** A cluster with everything the analysis looks up in it. Each part is made when it is first asked for. */
export interface ClusterIndex {
  readonly cluster: Cluster;
  readonly places: ReadonlyMap<string, NodePlace>;
  /** One per family. */
  readonly podRanges: readonly Prefix[];
  readonly serviceRanges: readonly Prefix[];
  readonly policies: PolicyModel;
  /** The virtual networks that the nodes are in; undefined in models of other worlds. */
  readonly networks: Lookups | undefined;
  /** What the source addresses depend on that are seen. */
  readonly sources: SourceNetwork;
  /** Segments around the nodes; undefined where nobody describes any. */
  readonly segments: SegmentWorld | undefined;
  /** Key of the pod that alone has the address. */
  readonly podAt: ReadonlyMap<string, string>;
  /** Name of the node that has the address, be it its segment's or its tunnel's. */
  readonly nodeAt: ReadonlyMap<string, string>;
  readonly services: ServiceIndex;
  /**
   * The node that answers for a load balancer's address on its segment while all live; undefined for an address that
   * nobody answers for.
   */
  readonly announcers: ReadonlyMap<string, string>;
  /** The nodes that routers outside reach an address by, for they announce it by BGP. */
  readonly nextHops: ReadonlyMap<string, readonly string[]>;
}

interface ServiceIndex {
  portsOf(serviceKey: string): readonly ServicePortModel[];
  /** Whether a Service has this address from a pool of the cluster. */
  isPooledAddress(address: string): boolean;
  /** Whether a Service has this cluster address. */
  isClusterAddress(address: string): boolean;
  atClusterAddress(address: string, protocol: Protocol, port: number): ServicePortModel | undefined;
  atExternalAddress(address: string, protocol: Protocol, port: number): ServicePortModel | undefined;
  atNodePort(family: Family, protocol: Protocol, port: number): ServicePortModel | undefined;
}

/**
 * In the policies of a cluster whose requests from outside somebody passes on: a pod of another namespace, of which nothing
 * else is known. No pod has this key.
 */
export const stranger = '';

const indexes = new WeakMap<Cluster, ClusterIndex>();

/** The index of a cluster, made once: a Cluster is a value, and who changes it makes another. */
export function indexOf(cluster: Cluster): ClusterIndex {
  const known = indexes.get(cluster);
  if (known !== undefined) return known;
  const index = createIndex(cluster);
  indexes.set(cluster, index);
  return index;
}

function createIndex(cluster: Cluster): ClusterIndex {
  const places = once(() => placesOf(cluster.nodes.values(), cluster.config.model));
  const policies = once(() => policiesOf(cluster));
  const networks = once(() => networksOf(cluster, places(), announcers()));
  const sources = once(() => sourcesOf(cluster, places()));
  const segments = once(() => segmentWorldOf(cluster, places(), announcers()));
  const podAt = once(() => new Map(podAddresses(cluster)));
  const nodeAt = once(() => new Map(nodeAddresses(places())));
  const services = once(() => servicesOf(cluster));
  const announcers = once(() => announcersOf(cluster, services()));
  const nextHops = once(() => nextHopsOf(cluster, services()));
  return {
    cluster,
    podRanges: cluster.config.podCidrs.flatMap((text) => parsePrefix(text) ?? []),
    serviceRanges: cluster.config.serviceCidrs.flatMap((text) => parsePrefix(text) ?? []),
    get places() {
      return places();
    },
    get policies() {
      return policies();
    },
    get networks() {
      return networks();
    },
    get sources() {
      return sources();
    },
    get segments() {
      return segments();
    },
    get podAt() {
      return podAt();
    },
    get nodeAt() {
      return nodeAt();
    },
    get services() {
      return services();
    },
    get announcers() {
      return announcers();
    },
    get nextHops() {
      return nextHops();
    },
  };
}

function policiesOf(cluster: Cluster): PolicyModel {
  const { enforcesPolicies } = modelTraits[cluster.config.model];
  const model = createPolicyModel({ areEnforced: enforcesPolicies });
  for (const [name, namespace] of cluster.namespaces)
    model.setNamespace(name, namespace.metadata.labels ?? {});
  for (const [key, policy] of cluster.networkPolicies) model.setPolicy(key, policy);
  for (const [name, policy] of cluster.clusterNetworkPolicies)
    model.setClusterPolicy('ClusterNetworkPolicy', name, policy);
  for (const [name, policy] of cluster.adminNetworkPolicies)
    model.setClusterPolicy('AdminNetworkPolicy', name, fromAdminPolicy(policy));
  for (const [name, policy] of cluster.baselineAdminNetworkPolicies)
    model.setClusterPolicy('BaselineAdminNetworkPolicy', name, fromBaselinePolicy(policy));
  for (const [name, node] of cluster.nodes) model.setNode(name, nodeFacts(node));
  for (const [key, pod] of cluster.pods) model.setPod(key, podFacts(pod));
  if ((cluster.gateways ?? []).length > 0) {
    model.setPod(stranger, { namespace: stranger, labels: {}, namedPorts: [] });
  }
  teachDomains(model, cluster);
  return model;
}

function teachDomains(model: PolicyModel, { domains = new Map() }: Cluster): void {
  for (const [name, addresses] of domains) {
    model.setDomain(
      name,
      addresses.flatMap((text) => parseAddress(text) ?? []),
    );
  }
}

function networksOf(
  cluster: Cluster,
  places: ReadonlyMap<string, NodePlace>,
  announcers: ReadonlyMap<string, string>,
): Lookups | undefined {
  if (modelTraits[cluster.config.model].world !== 'virtual-network') return undefined;
  return createLookups(settledWorld(cluster, [...places.values()], announcers), (machine) =>
    podBlocksOf(places, machine),
  );
}

function sourcesOf(cluster: Cluster, places: ReadonlyMap<string, NodePlace>): SourceNetwork {
  const { config } = cluster;
  return { places, config, networkSpace: spaceOfPods(config, describedNetworks(cluster).networks) };
}

/** The prefixes of pods that a node has, by its name. */
export function podBlocksOf(places: ReadonlyMap<string, NodePlace>, node: string): string[] {
  const place = places.get(node);
  return place === undefined ? [] : familyPlaces(place).map(({ podCidr }) => podCidr);
}

function* podAddresses(cluster: Cluster): Generator<[address: string, podKey: string]> {
  for (const [key, pod] of cluster.pods) {
    for (const address of ownAddresses(pod)) yield [address, key];
  }
}

function* nodeAddresses(places: ReadonlyMap<string, NodePlace>): Generator<[address: string, node: string]> {
  for (const place of places.values()) {
    for (const address of everyNodeAddress(place)) yield [address, place.name];
  }
}

function servicesOf(cluster: Cluster): ServiceIndex {
  const model = createServiceModel(cluster.config);
  model.setPools(poolsOf(cluster.ipAddressPools.values()).pools);
  for (const [key, slice] of cluster.endpointSlices) model.setEndpointSlice(key, slice);
  for (const [key, service] of cluster.services) model.setService(key, service);
  const ports = [...cluster.services.keys()].flatMap((key) => model.portsOf(key));
  const addresses = new Set(ports.flatMap(({ clusterIPs }) => clusterIPs));
  const pooled = new Set(ports.flatMap(({ pooledAddresses }) => pooledAddresses));
  const byAddress = new Map<string, ServicePortModel>();
  const byExternalAddress = new Map<string, ServicePortModel>();
  const byNodePort = new Map<string, ServicePortModel>();
  for (const port of ports) {
    for (const address of port.clusterIPs) byAddress.set(`${address} ${port.protocol} ${port.port}`, port);
    for (const address of port.externalAddresses) {
      byExternalAddress.set(`${address} ${port.protocol} ${port.port}`, port);
    }
    if (port.nodePort !== undefined) {
      byNodePort.set(`${port.family} ${port.protocol} ${port.nodePort}`, port);
    }
  }
  return {
    portsOf: (key) => model.portsOf(key),
    isPooledAddress: (address) => pooled.has(address),
    isClusterAddress: (address) => addresses.has(address),
    atClusterAddress: (address, protocol, port) => byAddress.get(`${address} ${protocol} ${port}`),
    atExternalAddress: (address, protocol, port) => byExternalAddress.get(`${address} ${protocol} ${port}`),
    atNodePort: (family, protocol, port) => byNodePort.get(`${family} ${protocol} ${port}`),
  };
}

function announcersOf(cluster: Cluster, services: ServiceIndex): Map<string, string> {
  const orders = announcingNodes(cluster.services, (key) => services.portsOf(key), {
    pools: poolsOf(cluster.ipAddressPools.values()).pools,
    advertisements: [...cluster.l2Advertisements.values()],
    nodes: [...cluster.nodes.values()],
    link: nodeLink,
  });
  return new Map(
    [...orders].flatMap(([address, [first]]) => (first === undefined ? [] : [[address, first]])),
  );
}

function nextHopsOf(cluster: Cluster, services: ServiceIndex): Map<string, readonly string[]> {
  const peers = peersToSpeakWith(cluster.bgpPeers.values());
  if (peers.length === 0) return new Map();
  const { announcements } = announcementsOf({
    services: [...cluster.services].map(([key, service]) => ({ service, ports: services.portsOf(key) })),
    pools: poolsOf(cluster.ipAddressPools.values()).pools,
    // Which communities routers are told does not matter here, nor how their names are defined.
    advertisements: [...cluster.bgpAdvertisements.values()].map((one) => ({
      ...one,
      spec: { ...one.spec, communities: [] },
    })),
    communities: [],
  });
  return nodesAnnouncing(announcements, peers, cluster.nodes.values());
}
