import type { Pod } from '../api/types/core.ts';
import type { Protocol } from '../api/types/meta.ts';
import { parsePrefix, type Prefix } from '../lib/prefix.ts';
import type { Cluster } from '../model/cluster.ts';
import { podFacts } from '../model/identity/pod-facts.ts';
import { placesOf } from '../model/network/places.ts';
import type { NodePlace } from '../model/network/topology.ts';
import { createPolicyModel } from '../model/policy/policy-model.ts';
import type { PolicyModel } from '../model/policy/port.ts';
import type { ServicePortModel } from '../model/services/port.ts';
import { createServiceModel } from '../model/services/service-model.ts';

/** A cluster with everything the analysis looks up in it. Each part is made when it is first asked for. */
export interface ClusterIndex {
  readonly cluster: Cluster;
  readonly places: ReadonlyMap<string, NodePlace>;
  readonly podRange: Prefix | undefined;
  readonly serviceRange: Prefix | undefined;
  readonly policies: PolicyModel;
  /** Key of the pod that alone has the address. */
  readonly podAt: ReadonlyMap<string, string>;
  /** Name of the node that has the address, be it its primary or its tunnel's. */
  readonly nodeAt: ReadonlyMap<string, string>;
  readonly services: ServiceIndex;
}

interface ServiceIndex {
  portsOf(serviceKey: string): readonly ServicePortModel[];
  /** Whether a Service has this cluster address. */
  isClusterAddress(address: string): boolean;
  atClusterAddress(address: string, protocol: Protocol, port: number): ServicePortModel | undefined;
  atNodePort(protocol: Protocol, port: number): ServicePortModel | undefined;
}

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
  const places = once(() => placesOf(cluster.nodes.values()));
  const policies = once(() => policiesOf(cluster));
  const podAt = once(() => new Map(podAddresses(cluster)));
  const nodeAt = once(() => new Map(nodeAddresses(places())));
  const services = once(() => servicesOf(cluster));
  return {
    cluster,
    podRange: parsePrefix(cluster.config.podCidr),
    serviceRange: parsePrefix(cluster.config.serviceCidr),
    get places() {
      return places();
    },
    get policies() {
      return policies();
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
  };
}

function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

function policiesOf(cluster: Cluster): PolicyModel {
  const model = createPolicyModel();
  for (const [name, namespace] of cluster.namespaces)
    model.setNamespace(name, namespace.metadata.labels ?? {});
  for (const [key, policy] of cluster.networkPolicies) model.setPolicy(key, policy);
  for (const [key, pod] of cluster.pods) model.setPod(key, podFacts(pod));
  return model;
}

function* podAddresses(cluster: Cluster): Generator<[address: string, podKey: string]> {
  for (const [key, pod] of cluster.pods) {
    for (const address of ownAddressesOf(pod)) yield [address, key];
  }
}

/** The addresses that only this pod has, the primary one first: pods on the host network have none. */
export function ownAddressesOf({ spec, status }: Pod): string[] {
  if (spec.hostNetwork === true || status?.podIP === undefined) return [];
  return [...new Set([status.podIP, ...(status.podIPs ?? []).map(({ ip }) => ip)])];
}

function* nodeAddresses(places: ReadonlyMap<string, NodePlace>): Generator<[address: string, node: string]> {
  for (const { name, address, tunnelAddress } of places.values()) {
    yield [address, name];
    yield [tunnelAddress, name];
  }
}

function servicesOf(cluster: Cluster): ServiceIndex {
  const model = createServiceModel();
  for (const [key, slice] of cluster.endpointSlices) model.setEndpointSlice(key, slice);
  for (const [key, service] of cluster.services) model.setService(key, service);
  const ports = [...cluster.services.keys()].flatMap((key) => model.portsOf(key));
  const addresses = new Set(ports.flatMap(({ clusterIPs }) => clusterIPs));
  const byAddress = new Map<string, ServicePortModel>();
  const byNodePort = new Map<string, ServicePortModel>();
  for (const port of ports) {
    for (const address of port.clusterIPs) byAddress.set(`${address} ${port.protocol} ${port.port}`, port);
    if (port.nodePort !== undefined) byNodePort.set(`${port.protocol} ${port.nodePort}`, port);
  }
  return {
    portsOf: (key) => model.portsOf(key),
    isClusterAddress: (address) => addresses.has(address),
    atClusterAddress: (address, protocol, port) => byAddress.get(`${address} ${protocol} ${port}`),
    atNodePort: (protocol, port) => byNodePort.get(`${protocol} ${port}`),
  };
}
