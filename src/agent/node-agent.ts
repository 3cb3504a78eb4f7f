import { keyOf } from '../api/resources.ts';
import { WeftError } from '../lib/errors.ts';
import type { Conntrack } from '../kernel/conntrack/port.ts';
import type { Nftables } from '../kernel/nft/port.ts';
import type { RouteNetlink } from '../kernel/route/port.ts';
import type { Sysctl } from '../kernel/sysctl/port.ts';
import type { NetworkConfig } from '../model/network/config.ts';
import { traitsOf } from '../model/network/models.ts';
import { nodeAddresses, placeFamilies, type NodePlace } from '../model/network/topology.ts';
import { nodeLink } from '../plan/links/node.ts';
import { firstFrameKey, framesAlone, nodeSysctls } from '../plan/sysctls.ts';
import type { ServicePortModel } from '../model/services/port.ts';
import { nodePortAddresses } from '../model/services/node-port-addresses.ts';
import type { PolicyNumbers } from '../plan/policy/numbers.ts';
import type { PlannedNode, ServicePlanner } from '../plan/services/elements.ts';
import { servicesNodes } from '../plan/services/node.ts';
import type { ClusterView, Dirty } from './cluster-view.ts';
import { connectionsOf, listedOnce, type Connections } from './connections.ts';
import { createInterfacePolicies, type InterfacePoliciesOptions } from './networks/interface-policies.ts';
import { createNodePolicies } from './policies/node-policies.ts';
import { createOverlay, type Overlay } from './overlay.ts';
import type { RunningPod } from './pods/running-pod.ts';
import { endStaleFlows } from './services/stale-flows.ts';
import { createServiceProxy, type ServiceProxy } from './services/service-proxy.ts';

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
  readonly numbers: PolicyNumbers;
  readonly onNamespace: InterfacePoliciesOptions['onNamespace'];
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
  const traits = traitsOf(config);
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
  const policies = createNodePolicies(options);
  const interfaces = createInterfacePolicies({
    nft,
    conntrack,
    families,
    interfaces: view.interfaces,
    numbers: options.numbers,
    isCutting: config.establishedConnections !== 'keep',
    onNamespace: options.onNamespace,
  });
  const tables = [...proxies, ...policies.tables];
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
  let isStarted = false;

  const configure = (): void => {
    options.sysctl.write(netns, nodeSysctls(families, options.release));
    const hasFrames = options.sysctl.read(netns, firstFrameKey) !== undefined;
    if (hasFrames && traits.wiring.kind === 'bridged') options.sysctl.write(netns, framesAlone);
  };

  const allServices = (): Set<string> => new Set([...view.serviceObjects.values()].map(keyOf));

  /** Services that the node is to choose endpoints for anew: all when it has come to another zone. */
  const servicesOf = (dirty: Dirty): ReadonlySet<string> => {
    const zone = view.places.get(place.name)?.zone;
    if (!dirty.nodes || zone === chooser.zone) return dirty.services;
    chooser = { ...chooser, zone };
    return allServices().union(dirty.services);
  };

  const portsOf = (services: ReadonlySet<string>): Map<string, readonly ServicePortModel[]> =>
    new Map([...services].map((key) => [key, view.services.portsOf(key)]));

  const apply = (dirty: Dirty): void => {
    const services = portsOf(servicesOf(dirty));
    program(dirty, (proxy) => {
      for (const [service, ports] of services) proxy.set(service, ports);
    });
  };

  const program = (dirty: Dirty, stageServices: (proxy: ServiceProxy) => void): void => {
    if (dirty.nodes) overlay.setPeers(view.places.values());
    const programServices = (proxy: ServiceProxy): void => {
      stageServices(proxy);
      proxy.setRanges('aggregates', view.aggregates.current());
      proxy.setRanges('network-space', view.networkSpace());
      proxy.commit();
    };
    // What one table is refused must not keep the others from being right.
    const [refusal] = refusalsOf(
      ...proxies.map((proxy) => () => programServices(proxy)),
      () => policies.apply(dirty),
      () => interfaces.apply(dirty.interfaces),
    );
    if (refusal !== undefined) throw refusal;
  };

  function* settle(dirty: Dirty, connections: Connections = conntrack): Generator<unknown, void> {
    endStaleFlows(
      { conntrack: connections, netns, nodePortAddresses: doors },
      [...dirty.rerouted].flatMap((key) => view.services.portsOf(key)),
    );
    yield* policies.judge(dirty, { conntrack: connections, netns, families });
    yield* interfaces.settle(dirty.interfaces);
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
      for (const [key, pod] of survivors) policies.stage(key, pod);
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
        interfaces: new Set(),
      };
      const ports = portsOf(servicesOf(everything));
      const [refusal] = refusalsOf(() => program(everything, (proxy) => proxy.setAll(ports)));
      const connections = listedOnce(conntrack);
      Array.from(settle(everything, connections));
      // Policies may have changed while nobody enforced them.
      Array.from(policies.judgeAll({ conntrack: connections, netns, families }));
      return refusal;
    },
    apply,
    settle: (dirty) => settle(dirty),
    isolate(key, pod) {
      policies.stage(key, pod);
      policies.commit();
      interfaces.isolate(key, pod);
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
      return [...policies.pods()].flatMap(([key, pod]) => (uids.has(pod.uid) ? [key] : []));
    },
    brokenPods() {
      const broken = overlay.broken();
      if (broken.size === 0) return broken;
      const found = [...policies.pods()].map(([key, pod]) => [key, broken.get(pod.uid)] as const);
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
      const failures = [...tables, interfaces].flatMap((table) => {
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
