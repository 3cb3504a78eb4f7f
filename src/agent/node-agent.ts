import { keyOf } from '../api/resources.ts';
import { familyOf, parseAddress } from '../lib/address.ts';
import { WeftError } from '../lib/errors.ts';
import type { Conntrack } from '../kernel/conntrack/port.ts';
import type { Nftables } from '../kernel/nft/port.ts';
import type { RouteNetlink } from '../kernel/route/port.ts';
import type { Sysctl } from '../kernel/sysctl/port.ts';
import type { NetworkConfig } from '../model/network/config.ts';
import { traitsOf } from '../model/network/models.ts';
import { ownAddresses } from '../model/network/pod-addresses.ts';
import { everyNodeAddress, nodeAddresses, placeFamilies, type NodePlace } from '../model/network/topology.ts';
import { nodeLink } from '../plan/links/node.ts';
import { firstFrameKey, framesAlone, nodeSysctls } from '../plan/sysctls.ts';
import { nodePortAddresses } from '../model/services/node-port-addresses.ts';
import { isRestricted } from '../model/policy/permits.ts';
import type { PodPolicy } from '../model/policy/port.ts';
import type { PortGroups } from '../plan/policy/elements.ts';
import type { PlannedNode, ServicePlanner } from '../plan/services/elements.ts';
import { servicesNodes } from '../plan/services/node.ts';
import type { ClusterView, Dirty } from './cluster-view.ts';
import { cutConnections, type AddressDirectory } from './connection-cutter.ts';
import { connectionsOf, listedOnce, type Connections } from './connections.ts';
import { createOverlay, type Overlay } from './overlay.ts';
import type { RunningPod } from './running-pod.ts';
import { endStaleFlows } from './stale-flows.ts';
import { createPolicyEnforcer } from './policy-enforcer.ts';
import { createServiceProxy, type ServiceProxy } from './service-proxy.ts';

/** Everything one node's kernel is told: Services, policies, the overlay. Synchronous. */
export interface NodeAgent {
  readonly place: NodePlace;
  readonly overlay: Overlay;
  /** Where node ports answer now. */
  nodePortAddresses(): readonly string[];
  /** Lays out the tables, in steps: to be done before `start`. */
  layOut(): Iterable<void>;
  /**
   * Programs the whole view; `survivors` are pods that an earlier process set up. Returns what was refused of it, if
   * anything: everything else is programmed, and the next `apply` tries again.
   */
  start(survivors: ReadonlyMap<string, RunningPod>): WeftError | undefined;
  /** Programs what changed: new connections meet it from now on. */
  apply(dirty: Dirty): void;
  /**
   * Holds the connections that there are to what `apply` programmed: costs in proportion to their number, and goes a step
   * further each time that it is asked. What is programmed between two steps holds for the second.
   */
  settle(dirty: Dirty): Iterator<unknown>;
  /** Isolates a pod of this node before it is wired, or forgets it. */
  isolate(key: string, pod: RunningPod | undefined): void;
  /** Forgets the connections of addresses that nobody has any more, before others get them. */
  forgetConnections(addresses: ReadonlySet<string>): void;
  /** Mends what somebody else changed. Returns how many things differed. */
  repair(): number;
  /** The same inside the node's pods. Returns their keys. */
  repairPods(): string[];
  /** Keys of the pods that could not be mended, with why. */
  brokenPods(): ReadonlyMap<string, string>;
  /** Takes away again what was begun, when the node has left the cluster and its pods are gone. */
  cleanup(): void;
}

export interface NodeAgentOptions {
  readonly place: NodePlace;
  readonly netns: string;
  readonly view: ClusterView;
  readonly config: NetworkConfig;
  readonly nft: Nftables;
  readonly route: RouteNetlink;
  readonly sysctl: Sysctl;
  readonly conntrack: Conntrack;
  readonly planner: ServicePlanner;
  readonly groups: PortGroups;
  /** Of the kernel. */
  readonly release: string;
}

export function createNodeAgent(options: NodeAgentOptions): NodeAgent {
  const { place, netns, view, config, nft, route, conntrack } = options;
  const families = placeFamilies(place);
  let chooser: PlannedNode = { name: place.name, zone: place.zone, addresses: nodeAddresses(place) };
  /** Where node ports answer: as of the start, or of the last comparison with the kernel. */
  let doors: readonly string[] = [];
  const findDoors = (): void => {
    const ranges = config.nodePortAddresses;
    const primary = nodeAddresses(place);
    // To list what the node has costs something: only who asks for more than the primary ones pays.
    const listed = ranges.length === 0 ? [] : route.dump(netns).addresses;
    const all = [...primary, ...listed.map(({ address }) => address.slice(0, address.indexOf('/')))];
    doors = nodePortAddresses({ primary, all: [...new Set(all)] }, ranges);
  };
  let isStarted = false;
  const traits = traitsOf(config);
  const residents = everyNodeAddress(place);
  const proxies = servicesNodes(place, config).map((node) =>
    createServiceProxy({
      nft,
      netns,
      planner: options.planner,
      node,
      chooser: () => chooser,
      nodePortAddresses: () => doors,
    }),
  );
  const enforcers = (traits.enforcesPolicies ? families : []).map((family) =>
    createPolicyEnforcer({
      nft,
      netns,
      family,
      residents: residents.filter((address) => familyOf(address) === family),
      groups: options.groups,
      traits,
    }),
  );
  const tables = [...proxies, ...enforcers];
  const overlay = createOverlay({
    route,
    netns,
    node: place,
    traits,
    // Output translation happens only behind a route lookup, so the service ranges need routes of their own.
    routes: servicesNodes(place, config).map(({ serviceCidr: destination, nodeAddress: source }) => ({
      destination,
      link: nodeLink,
      source,
    })),
  });
  const configure = (): void => {
    options.sysctl.write(netns, nodeSysctls(families, options.release));
    const hasFrames = options.sysctl.read(netns, firstFrameKey) !== undefined;
    if (hasFrames && traits.wiring.kind === 'bridged') options.sysctl.write(netns, framesAlone);
  };
  /** The node's pods, each with its allowances as programmed: a pod that leaves keeps its last. */
  const local = new Map<string, { readonly pod: RunningPod; readonly policy: PodPolicy }>();
  const localByAddress = new Map<string, string>();

  const directory: AddressDirectory = {
    localPolicy: (address: string) => {
      const key = localByAddress.get(address);
      return key === undefined ? undefined : local.get(key)?.policy;
    },
    classAt: (address: string) => {
      const key = view.podAt.get(address);
      return key === undefined ? 0 : view.policies.classOf(key);
    },
    isResident: (address: string) => residents.includes(address),
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

  /** Addresses of pods that were programmed before: only those can have connections to judge. */
  const known = new Set<string>();

  const cut = (addresses: ReadonlySet<string>, connections: Connections): Iterable<unknown> =>
    config.establishedConnections === 'keep' || addresses.size === 0
      ? []
      : cutConnections({ conntrack: connections, netns, families, directory }, addresses);

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

  /** Stages a pod's isolation; undefined withdraws it, and whatever it sends then drops. */
  const stage = (key: string, pod: RunningPod | undefined): void => {
    const previous = local.get(key)?.pod;
    for (const address of previous?.addresses ?? []) localByAddress.delete(address);
    const policy = view.policies.policyOf(key);
    if (pod === undefined) local.delete(key);
    else {
      local.set(key, { pod, policy });
      for (const address of pod.addresses) localByAddress.set(address, key);
    }
    for (const enforcer of enforcers) enforcer.setLocalPod(key, pod, policy);
  };

  const applyPolicies = (dirty: Dirty): void => {
    for (const key of new Set([...dirty.pods, ...dirty.classes])) {
      const [addresses, peerClass] = [addressesOf(key), view.policies.classOf(key)];
      for (const enforcer of enforcers) enforcer.setPeer(key, addresses, peerClass);
    }
    for (const key of dirty.policies) {
      const pod = local.get(key)?.pod;
      // The model has forgotten a pod that is gone, or knows another one of its name.
      if (pod !== undefined && view.pods.get(key)?.metadata.uid === pod.uid) stage(key, pod);
    }
    for (const enforcer of enforcers) enforcer.commit();
  };

  const allServices = (): Set<string> => new Set([...view.serviceObjects.values()].map(keyOf));

  /** Services that the node is to choose endpoints for anew: all when it has come to another zone. */
  const servicesOf = (dirty: Dirty): ReadonlySet<string> => {
    const zone = view.places.get(place.name)?.zone;
    if (!dirty.nodes || zone === chooser.zone) return dirty.services;
    chooser = { ...chooser, zone };
    return allServices().union(dirty.services);
  };

  const apply = (dirty: Dirty): void => {
    if (dirty.nodes) overlay.setPeers(view.places.values());
    const services = servicesOf(dirty);
    const program = (proxy: ServiceProxy): void => {
      for (const service of services) proxy.set(service, view.services.portsOf(service));
      proxy.setAggregates(view.aggregates.current());
      proxy.commit();
    };
    // What one table is refused must not keep the others from being right.
    const [refusal] = refusalsOf(...proxies.map((proxy) => () => program(proxy)), () => applyPolicies(dirty));
    if (refusal !== undefined) throw refusal;
  };

  function* settle(dirty: Dirty, connections: Connections = conntrack): Generator<unknown, void> {
    endStaleFlows(
      { conntrack: connections, netns, nodePortAddresses: doors },
      [...dirty.rerouted].flatMap((key) => view.services.portsOf(key)),
    );
    const addresses = changedAddresses(dirty);
    for (const key of dirty.pods) {
      for (const address of addressesOf(key)) known.add(address);
    }
    yield* cut(addresses, connections);
    yield;
    // By now packets that were on their way are through.
    for (const table of tables) table.tidy();
  }

  return {
    place,
    overlay,
    nodePortAddresses: () => doors,
    *layOut() {
      configure();
      findDoors();
      for (const table of tables) {
        table.start();
        yield;
      }
    },
    start(survivors) {
      isStarted = true;
      overlay.start(survivors.values());
      for (const [key, pod] of survivors) stage(key, pod);
      const services = allServices();
      const everything: Dirty = {
        nodes: true,
        services,
        rerouted: services,
        pods: new Set(
          [...view.pods.values()].map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name}`),
        ),
        classes: new Set(),
        policies: new Set(),
      };
      const [refusal] = refusalsOf(() => apply(everything));
      const connections = listedOnce(conntrack);
      Array.from(settle(everything, connections));
      // Policies may have changed while nobody enforced them.
      Array.from(cut(new Set(localByAddress.keys()), connections));
      return refusal;
    },
    apply,
    settle: (dirty) => settle(dirty),
    isolate(key, pod) {
      stage(key, pod);
      for (const enforcer of enforcers) enforcer.commit();
    },
    forgetConnections(addresses) {
      for (const entry of connectionsOf({ conntrack, netns, families })) {
        const { original, reply } = entry;
        const ends = [original.source, original.destination, reply.source, reply.destination];
        const isTheirs = ends.some((address) => addresses.has(address));
        if (isTheirs && entry.protocol !== 'other') conntrack.delete(netns, entry);
      }
    },
    repairPods() {
      const uids = new Set(overlay.repairPods());
      return [...local].flatMap(([key, { pod }]) => (uids.has(pod.uid) ? [key] : []));
    },
    brokenPods() {
      const broken = overlay.broken();
      if (broken.size === 0) return broken;
      const found = [...local].map(([key, { pod }]) => [key, broken.get(pod.uid)] as const);
      return new Map(found.flatMap(([key, why]) => (why === undefined ? [] : [[key, why]])));
    },
    cleanup() {
      for (const table of tables) table.cleanup();
      if (isStarted) overlay.cleanup();
    },
    repair() {
      // A link that was made again has the settings of a new one.
      configure();
      let repaired = overlay.repair();
      findDoors();
      const failures = tables.flatMap((table) => {
        try {
          repaired += table.repair();
          return [];
        } catch (error) {
          return [error];
        }
      });
      // What is the matter with one table must not keep the others from being right.
      if (failures.length > 0) throw failures[0];
      return repaired;
    },
  };
}

/** Does all of it; what the kernel refused, and nothing else that fails, is returned. */
function refusalsOf(...works: readonly (() => void)[]): WeftError[] {
  return works.flatMap((work) => {
    try {
      work();
      return [];
    } catch (error) {
      if (error instanceof WeftError && error.code === 'elements-refused') return [error];
      throw error;
    }
  });
}

function isIsolated({ ingress, egress }: PodPolicy): boolean {
  return isRestricted(ingress) || isRestricted(egress);
}
