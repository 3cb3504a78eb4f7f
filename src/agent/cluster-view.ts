import type { Namespace, Node, Pod, Service } from '../api/types/core.ts';
import type { EndpointSlice, NetworkPolicy } from '../api/types/network.ts';
import { layer2Resources, loadBalancerResources, policyResources, resources } from '../api/resources.ts';
import type { Change, Client, Informer } from '../client/port.ts';
import type { Clock } from '../lib/clock.ts';
import type { AddressRange } from '../lib/prefix.ts';
import { sameJson } from '../lib/same-json.ts';
import { createAggregates, type Aggregates } from '../model/load-balancer/aggregates.ts';
import { poolsOf } from '../model/load-balancer/pools.ts';
import type { NetworkConfig } from '../model/network/config.ts';
import { modelTraits } from '../model/network/models.ts';
import { placeOf } from '../model/network/places.ts';
import { ownAddresses } from '../model/network/pod-addresses.ts';
import type { NodePlace } from '../model/network/topology.ts';
import { followNetworkSpace } from './network-space.ts';
import { createEndpointIndex, type EndpointIndex } from './services/endpoint-index.ts';
import { createInterfaces, type Interfaces } from './networks/interfaces.ts';
import { createRerouting } from './services/rerouting.ts';
import { createDomains, type Domains } from './domains/domains.ts';
import type { DomainJournal } from './domains/journal.ts';
import { createPace } from './turns/pace.ts';
import { nodeFacts } from '../model/identity/node-facts.ts';
import { podFacts } from '../model/identity/pod-facts.ts';
import { fromAdminPolicy, fromBaselinePolicy } from '../model/policy/older-policies.ts';
import { createPolicyModel } from '../model/policy/policy-model.ts';
import type { PolicyModel } from '../model/policy/port.ts';
import { createServiceModel, type ServiceModel } from '../model/services/service-model.ts';

/** What changed since the last look, by key. */
export interface Dirty {
  readonly nodes: boolean;
  readonly services: ReadonlySet<string>;
  /** Services of which flows that are to end may go to endpoints that they no longer have. */
  readonly rerouted: ReadonlySet<string>;
  /** Pods whose object changed, came or went. */
  readonly pods: ReadonlySet<string>;
  /** Pods whose peer class may have changed. */
  readonly classes: ReadonlySet<string>;
  /** Pods whose allowances may have changed. */
  readonly policies: ReadonlySet<string>;
  /** Further interfaces of pods that changed, or about which policies say something else; by their keys. */
  readonly interfaces: ReadonlySet<string>;
}

/** Both changes as one. */
export function joinDirty(a: Dirty, b: Dirty): Dirty {
  return {
    nodes: a.nodes || b.nodes,
    services: a.services.union(b.services),
    rerouted: a.rerouted.union(b.rerouted),
    pods: a.pods.union(b.pods),
    classes: a.classes.union(b.classes),
    policies: a.policies.union(b.policies),
    interfaces: a.interfaces.union(b.interfaces),
  };
}

/**
 * The cluster as the agents of all nodes of this process see it: informers on one side, the models they feed on
 * the other. Changes that arrive together are handed on together, in the same turn of the event loop; under a storm
 * of them, those that arrive while the agents rest (see `createPace`).
 */
export interface ClusterView {
  readonly policies: PolicyModel;
  readonly interfaces: Interfaces;
  readonly domains: Domains;
  readonly services: ServiceModel;
  readonly aggregates: Pick<Aggregates, 'current'>;
  /** Of the virtual networks that pods are in: the same object as long as it says the same. */
  networkSpace(): readonly AddressRange[];
  readonly places: ReadonlyMap<string, NodePlace>;
  readonly namespaces: Informer<Namespace>;
  readonly pods: Informer<Pod>;
  readonly nodes: Informer<Node>;
  readonly serviceObjects: Informer<Service>;
  /** Keys of the pod that has an address now, by address; host-network pods are left out. */
  readonly podAt: ReadonlyMap<string, string>;
  /** Which pods Services send to, as of the changes handed on. */
  readonly endpoints: EndpointIndex;
  /** Resolves when every informer holds its first list: nothing may be programmed before. */
  start(): Promise<void>;
  /** A promise puts off the next call until it is fulfilled. */
  onDirty(callback: (dirty: Dirty) => void | Promise<void>): void;
  /** Hands on what somebody changed in the models otherwise; resolves when the callback is done with it. */
  changed(): Promise<void>;
  /** Newest resourceVersion seen and handed on, by plural name of the resource. */
  seen(): Readonly<Record<string, string>>;
  stop(): void;
}

export interface ClusterViewOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly config: NetworkConfig;
  readonly domainJournal?: DomainJournal | undefined;
}

export function createClusterView({ client, clock, config, domainJournal }: ClusterViewOptions): ClusterView {
  const policies = createPolicyModel({ areEnforced: modelTraits[config.model].enforcesPolicies });
  const interfaces = createInterfaces();
  const services = createServiceModel(config);
  const aggregates = createAggregates();
  const places = new Map<string, NodePlace>();
  const podAt = new Map<string, string>();
  const endpoints = createEndpointIndex();
  const rerouting = createRerouting();
  const space = followNetworkSpace(client, config);
  const informers = {
    ...space.informers,
    namespaces: client.informer<Namespace>(resources.namespaces),
    nodes: client.informer<Node>(resources.nodes),
    pods: client.informer<Pod>(resources.pods),
    services: client.informer<Service>(resources.services),
    endpointslices: client.informer<EndpointSlice>(resources.endpointslices),
    ipaddresspools: client.informer(loadBalancerResources.ipaddresspools),
    bgpadvertisements: client.informer(loadBalancerResources.bgpadvertisements),
    networkpolicies: client.informer<NetworkPolicy>(resources.networkpolicies),
    clusternetworkpolicies: client.informer(policyResources.clusternetworkpolicies),
    adminnetworkpolicies: client.informer(policyResources.adminnetworkpolicies),
    baselineadminnetworkpolicies: client.informer(policyResources.baselineadminnetworkpolicies),
    'multi-networkpolicies': client.informer(layer2Resources.multinetworkpolicies),
    segmentaddresses: client.informer(layer2Resources.segmentaddresses),
  };
  const ends: (() => void)[] = [];
  let callback: (dirty: Dirty) => void | Promise<void> = () => {};
  let started = false;
  let seen: Readonly<Record<string, string>> = {};
  let nodesChanged = false;
  let podsChanged = new Set<string>();

  let waiting: (() => void)[] = [];

  const flush = (): void | Promise<void> => {
    const told = waiting;
    waiting = [];
    seen = versionsOf(informers);
    domains.policiesChanged();
    const { classes, policies: allowances } = policies.takeChanges();
    const changed = services.takeChanges();
    const dirty = {
      nodes: nodesChanged,
      services: changed,
      rerouted: new Set([...changed].filter((service) => rerouting.set(service, services.portsOf(service)))),
      pods: podsChanged,
      classes,
      policies: allowances,
      interfaces: interfaces.takeChanges(),
    };
    nodesChanged = false;
    podsChanged = new Set();
    for (const service of dirty.services) endpoints.set(service, services.portsOf(service));
    const done = callback(dirty);
    if (told.length > 0) void tellDone(done, told);
    return done;
  };
  const pace = createPace({ clock, work: flush });
  const schedule = (): void => {
    if (started) pace.ask();
  };
  const changed = (): Promise<void> =>
    new Promise((resolve) => {
      waiting.push(resolve);
      schedule();
    });
  const domains = createDomains({ policies, program: changed, config, journal: domainJournal, clock });
  const follow = <T>(informer: Informer<T>, apply: (change: Change<T>) => void): void => {
    ends.push(
      informer.onChange((change) => {
        apply(change);
        schedule();
      }),
    );
  };

  const podChanged = (change: Change<Pod>): void => {
    const { key, previous, current } = change;
    interfaces.setPod(change);
    podsChanged.add(key);
    policies.setPod(key, current === undefined ? undefined : podFacts(current));
    const after = current === undefined ? [] : ownAddresses(current);
    for (const before of previous === undefined ? [] : ownAddresses(previous)) {
      if (!after.includes(before) && podAt.get(before) === key) podAt.delete(before);
    }
    for (const address of after) podAt.set(address, key);
  };
  const nodeChanged = ({ key, current }: Change<Node>): void => {
    const place = current === undefined ? undefined : placeOf(current, config.model);
    const before = places.get(key);
    if (place === undefined) places.delete(key);
    else places.set(key, place);
    nodesChanged ||= !sameJson(before, place);
    policies.setNode(key, current && nodeFacts(current));
  };

  const poolsChanged = (): void => {
    const { pools } = poolsOf(informers.ipaddresspools.values());
    services.setPools(pools);
    aggregates.setPools(pools);
  };

  return {
    policies,
    interfaces,
    domains,
    services,
    aggregates,
    networkSpace: () => space.current(),
    places,
    namespaces: informers.namespaces,
    pods: informers.pods,
    nodes: informers.nodes,
    serviceObjects: informers.services,
    podAt,
    endpoints,
    async start() {
      follow(informers.namespaces, ({ key, current }) => {
        policies.setNamespace(key, current?.metadata.labels);
        interfaces.policies.setNamespace(key, current?.metadata.labels);
      });
      follow(informers['multi-networkpolicies'], ({ key, current }) =>
        interfaces.policies.setMultiPolicy(key, current),
      );
      follow(informers.segmentaddresses, (change) => interfaces.setAddress(change));
      follow(informers.networkpolicies, ({ key, current }) => policies.setPolicy(key, current));
      follow(informers.clusternetworkpolicies, ({ key, current }) =>
        policies.setClusterPolicy('ClusterNetworkPolicy', key, current),
      );
      follow(informers.adminnetworkpolicies, ({ key, current }) =>
        policies.setClusterPolicy('AdminNetworkPolicy', key, current && fromAdminPolicy(current)),
      );
      follow(informers.baselineadminnetworkpolicies, ({ key, current }) =>
        policies.setClusterPolicy('BaselineAdminNetworkPolicy', key, current && fromBaselinePolicy(current)),
      );
      for (const networks of Object.values(space.informers)) follow(networks, () => space.changed());
      follow(informers.ipaddresspools, poolsChanged);
      follow(informers.bgpadvertisements, () =>
        aggregates.setAdvertisements(informers.bgpadvertisements.values()),
      );
      follow(informers.services, ({ key, current }) => {
        services.setService(key, current);
        aggregates.setService(key, current);
      });
      follow(informers.endpointslices, ({ key, current }) => services.setEndpointSlice(key, current));
      follow(informers.nodes, nodeChanged);
      follow(informers.pods, podChanged);
      await Promise.all(Object.values(informers).map((informer) => informer.synced));
      started = true;
      nodesChanged = true;
      schedule();
    },
    onDirty(listener) {
      callback = listener;
    },
    changed,
    // What no change came with, such as a bookmark, needs no handing on.
    seen: () => (pace.isIdle ? versionsOf(informers) : seen),
    stop() {
      pace.stop();
      domains.stop();
      for (const end of ends.splice(0)) end();
    },
  };
}

function versionsOf(
  informers: Readonly<Record<string, { readonly resourceVersion: string }>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(informers).map(([plural, informer]) => [plural, informer.resourceVersion]),
  );
}

async function tellDone(done: void | Promise<void>, told: readonly (() => void)[]): Promise<void> {
  await done;
  for (const tell of told) tell();
}

/** Whether everything up to these was seen. ResourceVersions of one API server are numbers here, and compare as such. */
export function hasSeen(
  view: Pick<ClusterView, 'seen'>,
  versions: Readonly<Record<string, string>>,
): boolean {
  const seen = view.seen();
  return Object.entries(versions).every(
    ([plural, version]) => BigInt(seen[plural] ?? '0') >= BigInt(version),
  );
}
