import { keyOf } from '../api/resources.ts';
import type { Node, Pod } from '../api/types/core.ts';
import type { Client } from '../client/port.ts';
import type { Clock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import { sameJson } from '../lib/same-json.ts';
import type { Service } from '../lib/lifecycle.ts';
import type { Log } from '../lib/log.ts';
import type { Conntrack } from '../kernel/conntrack/port.ts';
import type { DriftWatch } from '../kernel/drift/port.ts';
import type { Frames } from '../kernel/frames/port.ts';
import type { PacketLog } from '../kernel/nft/log-port.ts';
import type { Nftables } from '../kernel/nft/port.ts';
import type { NetworkNamespaces } from '../kernel/netns/port.ts';
import type { RouteNetlink } from '../kernel/route/port.ts';
import type { Sysctl } from '../kernel/sysctl/port.ts';
import type { NetworkConfig } from '../model/network/config.ts';
import { traitsOf } from '../model/network/models.ts';
import { placeFamilies, type NodePlace } from '../model/network/topology.ts';
import { podLinks } from '../plan/links/node.ts';
import { createPortGroups } from '../plan/policy/elements.ts';
import { createServicePlanner } from '../plan/services/elements.ts';
import { createClusterView, hasSeen, joinDirty, type ClusterView, type Dirty } from './cluster-view.ts';
import { createNodeAddressing } from './addresses/node-addressing.ts';
import { logAudits } from './audit-log.ts';
import { createCniNodes, type CniOptions } from './cni/cni-nodes.ts';
import { createDenials, type Denials } from './denials.ts';
import { createFirstPort } from './first-port.ts';
import { createFlowLog, type FlowLog } from './flow-log.ts';
import type { DomainJournal } from './domains/journal.ts';
import { createFairTurns } from './fair-turns.ts';
import { createFreshness, type Freshness } from './freshness.ts';
import { createNodeFront, type NodeFront, type NodeFrontOptions } from './node-front.ts';
import type { Inside } from '../workload/streams/inside.ts';
import { createJoins } from './joins.ts';
import { createPodNetworks } from './networks/networks.ts';
import { createNodeAgent, type NodeAgent } from './node-agent.ts';
import { stateOfAll } from './endpoint-index.ts';
import { createLayer2, type Layer2Options } from './layer2/layer2.ts';
import { createNodeReadiness } from './node-status.ts';
import { createReleases } from './releases.ts';
import { createRepairs } from './repairs.ts';
import { createSettling } from './settling.ts';
import { createSlices } from './slices.ts';
import { createTurnShare } from './turn-share.ts';
import { createSweep } from './sweep.ts';
import type { PodSettings, Serving } from './pod-life.ts';
import { createPodRunner, type PodRunner } from './pod-runner.ts';

/** The kernel, as the agents use it. */
export interface AgentKernel {
  readonly namespaces: NetworkNamespaces;
  readonly nft: Nftables;
  readonly route: RouteNetlink;
  readonly sysctl: Sysctl;
  readonly conntrack: Conntrack;
  readonly packetLog: PacketLog;
  readonly drift: DriftWatch;
  /** As `uname -r` says it. */
  readonly release: string;
  readonly frames: Frames;
}

export interface AgentsOptions extends Pick<
  Layer2Options,
  'onAnnounced' | 'onConflict' | 'onHeld' | 'onProblems'
> {
  /** Reads what the network of all nodes follows from. */
  readonly client: Client;
  /** Writes about a node and its pods, as that node; where absent, `client` does. */
  readonly clientOf?: (node: string) => Client;
  readonly kernel: AgentKernel;
  readonly config: NetworkConfig;
  /** Pin's name of a node's network namespace. */
  readonly netnsOfNode: (node: string) => string;
  readonly servingOf: (pod: Pod) => Serving;
  /** Everybody that `servingOf` may name. */
  readonly servings: readonly Serving[];
  readonly settings: PodSettings;
  /** Where absent, what is known of domain names is forgotten with this process. */
  readonly domainJournal?: DomainJournal;
  /** Where the nodes' own servers listen and connect. */
  readonly inside: Inside;
  /** Told of the view when it is whole, and of every change of it. */
  readonly onView?: (view: ClusterView) => void;
  /** Told of a node or pod in which something was mended that somebody else had changed. */
  readonly onRepair?: (object: Node | Pod) => void;
  /** Told of a pod that cannot be mended, and why. */
  readonly onBroken?: (pod: Pod, why: string) => void;
  /** Where somebody else's plugins wire the pods. */
  readonly cni?: CniOptions | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** The agents of all nodes that this process looks after: on a real cluster one, in a lab all of them. */
export interface Agents extends Service {
  readonly denials: Denials;
  readonly flows: FlowLog;
  readonly domains: ClusterView['domains'];
  /**
   * Resolves when everything up to these resourceVersions (by plural name of the resource) is programmed on
   * every node.
   */
  programmed(versions: Readonly<Record<string, string>>): Promise<void>;
  /** How far the nodes are, for people who ask why something is not programmed. */
  programming(): Programming;
  /** Compares every node's kernel with what it should hold, and mends it. Returns how many things differed. */
  repair(): number;
  /** How many things were mended since the start that somebody else had changed. */
  repairs(): number;
}

/** What the nodes were told. */
export interface Programming {
  /** The newest resourceVersion told, by plural name of the resource. */
  readonly versions: Readonly<Record<string, string>>;
  /** Some of it is not programmed yet. */
  readonly isBusy: boolean;
  /** Nodes whose kernel did not take it, and what it said; tried again every second. */
  readonly failing: readonly { readonly node: string; readonly why: string }[];
}

interface Member {
  readonly place: NodePlace;
  readonly agent: NodeAgent;
  readonly runner: PodRunner;
  readonly front: NodeFront;
  readonly freshness: Freshness;
  /** What changed and is to be programmed, and what could not be programmed yet. */
  due: Dirty | undefined;
  missed: Dirty | undefined;
}

/** When what could not be programmed is tried again. */
const retryMs = 1_000;
const nothing: Dirty = {
  nodes: false,
  services: new Set(),
  rerouted: new Set(),
  pods: new Set(),
  classes: new Set(),
  policies: new Set(),
};

export function createAgents(options: AgentsOptions): Agents {
  const { client, kernel, log, clock } = options;
  const clientOf = options.clientOf ?? (() => client);
  const view = createClusterView(options);
  const planner = createServicePlanner();
  const groups = createPortGroups();
  const members = new Map<string, Member>();
  const waiting = new Set<() => void>();
  /** Why a node could not be programmed, by its name, and why what follows that could not be done. */
  const failing = { programming: new Map<string, string>(), rest: new Map<string, string>() };
  const checkWaiting = (): void => {
    for (const check of waiting) check();
  };
  /** Nodes whose loops are ending: they may join, or join again, afterwards. */
  const leaving = new Map<string, Promise<void>>();
  // One of the three at a time: what else waits (answers, requests) waits for one of them, not for their sum.
  const nextTurn = createFairTurns();
  const programming = createSlices({
    clock,
    nextTurn,
    step: () => step(),
    onIdle() {
      repairs.listen();
      checkWaiting();
    },
  });
  // Rules first, of every node and of later changes too: how many connections there are keeps none of them waiting.
  const settling = createSettling({
    begin: (name, dirty) => settle(name, dirty),
    onIdle: checkWaiting,
    nextTurn,
  });
  /** Pods of all nodes are set up and taken down one after the other. */
  const wiring = createTurnShare({ clock, nextTurn });
  const netnsOf = (node: string): string | undefined =>
    members.has(node) ? options.netnsOfNode(node) : undefined;
  const firstPort = createFirstPort({ ...kernel, places: view.places, netnsOf });
  const denials = createDenials({ ...view, packetLog: kernel.packetLog, firstPort });
  logAudits({ denials, log, clock });
  const flows = createFlowLog({
    ...view,
    nft: kernel.nft,
    podLinks: podLinks(traitsOf(options.config)),
    clock,
    log,
  });
  const addressing = createNodeAddressing({ ...options, clientOf });
  const releases = createReleases(clock, (addresses) => {
    for (const { agent } of members.values()) agent.forgetConnections(addresses);
  });
  const networks = createPodNetworks({ client, ...kernel, log });
  const layer2 = createLayer2({
    ...options,
    view,
    frames: kernel.frames,
    onSettled: checkWaiting,
  });
  const cni = options.cni === undefined ? undefined : createCniNodes(options.cni, log);
  const readiness = createNodeReadiness({
    clientOf,
    node: (name) => view.nodes.get(name),
    problemOf: (name) => cni?.problemOf(name),
    clock,
    log,
  });
  const endCni = options.cni?.onFiles(() => {
    for (const [name, { runner }] of members) {
      readiness.ready(name);
      runner.addressesCame();
    }
  });
  const sweep = createSweep({
    ...kernel,
    ...options,
    pods: view.pods,
    isRun: (key, uid) => [...members.values()].some(({ runner }) => runner.uidOf(key) === uid),
  });
  let cancelRetry = (): void => {};
  let isRetryPlanned = false;
  let isStopped = false;

  const enlist = (place: NodePlace, agent: NodeAgent): void => {
    const netns = options.netnsOfNode(place.name);
    const runner = createPodRunner({
      ...kernel,
      node: place,
      nodeNetns: netns,
      addressSources: addressing.sourcesOf(place),
      plugins: cni?.chainOf(place, netns),
      needsChanged: () => addressing.touch(place.name),
      client: clientOf(place.name),
      pod: (key) => view.pods.get(key),
      podAt: view.podAt,
      endpointState: (key, addresses) => stateOfAll(view.endpoints, key, addresses),
      overlay: agent.overlay,
      servingOf: options.servingOf,
      isolate: (key, pod) => agent.isolate(key, pod),
      async released(key, addresses) {
        for (const address of addresses) view.endpoints.forget(key, address);
        await Promise.all(addresses.map((address) => releases.add(address)));
      },
      settings: options.settings,
      networks,
      turn: wiring,
      clock,
      log,
    });
    const refusal = agent.start(runner.adopt(view.pods.values()));
    void cni?.sweep(place.name, view.pods.values());
    addressing.join(place.name, { needs: () => runner.needs(), onMore: () => runner.addressesCame() });
    denials.watch(place.name, netns);
    flows.join({ name: place.name, netns, families: placeFamilies(place) });
    repairs.follow(place.name);
    const freshness = createFreshness(clock);
    const front = frontOf(place, { netns, agent, freshness });
    members.set(place.name, { place, agent, runner, front, freshness, due: undefined, missed: undefined });
    readiness.ready(place.name);
    layer2.join(place.name);
    runner.start();
    for (const pod of view.pods.values()) runner.podChanged(keyOf(pod));
    if (refusal !== undefined) throw refusal;
  };

  const frontOf = (
    place: NodePlace,
    { agent, ...rest }: Pick<NodeFrontOptions, 'netns' | 'freshness'> & { readonly agent: NodeAgent },
  ): NodeFront => {
    const front = createNodeFront({
      ...rest,
      name: place.name,
      families: placeFamilies(place),
      doors: () => agent.nodePortAddresses(),
      isOnLocalhost: options.config.localhostNodePorts,
      node: () => view.nodes.get(place.name),
      service: (key) => view.serviceObjects.get(key),
      portsOf: (key) => view.services.portsOf(key),
      inside: options.inside,
      clock,
      log,
    });
    front.update(allServices());
    return front;
  };

  const joins = createJoins({
    agentOf: (place) =>
      createNodeAgent({
        ...kernel,
        planner,
        groups,
        place,
        netns: options.netnsOfNode(place.name),
        view,
        config: options.config,
      }),
    open: ({ name }) => kernel.namespaces.open(options.netnsOfNode(name)),
    enlist,
    attempt: (node, work) => attempt(node, work),
  });

  const allServices = (): string[] => [...view.serviceObjects.values()].map(keyOf);

  /** Ends what was begun for nodes that have left the cluster or are somewhere else now; those join again then. */
  const leaveWhereChanged = (): void => {
    for (const [name, member] of members) {
      const place = view.places.get(name);
      if (sameJson(place, member.place)) continue;
      members.delete(name);
      addressing.leave(name);
      member.front.stop();
      layer2.leave(name);
      settling.forget(name);
      forgetFailures(name);
      leaving.set(name, leave(name, member));
    }
    for (const name of joins.giveUpWhereChanged(view.places)) forgetFailures(name);
  };

  const forgetFailures = (node: string): void => {
    for (const why of Object.values(failing)) why.delete(node);
  };

  const leave = async (name: string, member: Member): Promise<void> => {
    try {
      await (view.places.has(name) ? member.runner.stop() : clearAway(name, member));
    } catch (error) {
      log.error({ node: name, error: messageOf(error) }, 'could not be left');
    }
    leaving.delete(name);
    if (!isStopped) void apply(nothing);
  };

  const clearAway = async (name: string, { agent, runner }: Member): Promise<void> => {
    const netns = options.netnsOfNode(name);
    repairs.leave(name);
    denials.forget(netns);
    flows.leave(name);
    await runner.leave();
    agent.cleanup();
  };

  /** Of all nodes; many changes take several turns of the event loop. */
  const apply = (dirty: Dirty): Promise<void> | undefined => {
    sweep.podsChanged(dirty.pods);
    for (const member of members.values()) {
      member.due = member.due === undefined ? dirty : joinDirty(member.due, dirty);
      member.freshness.isBehind();
    }
    layer2.apply(dirty);
    options.onView?.(view);
    if (dirty.nodes) leaveWhereChanged();
    for (const place of view.places.values()) {
      const isAbsent = !members.has(place.name) && !leaving.has(place.name);
      if (isAbsent && !joins.has(place.name)) joins.add(place);
      // It may be another object than the one that was told.
      else if (dirty.nodes && !isAbsent) readiness.ready(place.name);
    }
    return programming.run();
  };

  /** One node is programmed with what is due there, or goes on joining. False when nothing is due anywhere. */
  const step = (): boolean => {
    for (const [name, member] of members) {
      const { due } = member;
      if (due === undefined) continue;
      member.due = undefined;
      program(name, member, due);
      member.front.update(due.services);
      for (const key of due.pods) member.runner.podChanged(key);
      settling.add(name, due);
      return true;
    }
    return joins.step();
  };

  /** Step by step: what changes meanwhile is programmed between two of them. */
  function* settle(name: string, dirty: Dirty): Generator<undefined, void> {
    const steps = members.get(name)?.agent.settle(dirty);
    let isDone = steps === undefined;
    while (!isDone) {
      isDone = true;
      attempt(name, () => (isDone = steps?.next().done !== false), 'rest');
      if (!isDone) yield;
    }
  }

  /** With what changed, and what a node could not be programmed with before. */
  const program = (name: string, member: Member, dirty: Dirty): void => {
    const { missed } = member;
    const wanted = missed === undefined ? dirty : joinDirty(missed, dirty);
    member.missed = wanted;
    attempt(name, () => {
      member.agent.apply(wanted);
      member.missed = undefined;
      member.freshness.caughtUp();
      if (missed !== undefined) settling.add(name, wanted);
    });
  };

  const tryAgainLater = (): void => {
    if (isRetryPlanned) return;
    isRetryPlanned = true;
    cancelRetry = clock.after(retryMs, () => {
      isRetryPlanned = false;
      void apply(nothing);
    });
  };

  /** A node that fails must not keep the others from being programmed. */
  const attempt = (node: string, work: () => void, what: keyof typeof failing = 'programming'): void => {
    try {
      work();
      failing[what].delete(node);
    } catch (error) {
      failing[what].set(node, messageOf(error));
      log.error({ node, error: messageOf(error) }, 'could not be programmed');
      tryAgainLater();
    }
  };

  const isBusy = (): boolean =>
    !programming.isIdle || !settling.isIdle || leaving.size > 0 || layer2.isBusy();

  /** A node that has left the cluster fails nobody. */
  const failures = (): { node: string; why: string }[] =>
    [...failing.programming, ...failing.rest]
      .filter(([node]) => view.places.has(node))
      .map(([node, why]) => ({ node, why }));

  const repairs = createRepairs({
    ...options,
    nodes: members,
    view,
    attempt: (node, work) => attempt(node, work, 'rest'),
    // The node may have other addresses now.
    onCompared(name) {
      if (options.config.nodePortAddresses.length > 0) members.get(name)?.front.update(allServices());
    },
    drift: kernel.drift,
    nft: kernel.nft,
  });

  return {
    denials,
    flows,
    domains: view.domains,
    async start() {
      view.onDirty(apply);
      repairs.start();
      await Promise.all([addressing.synced, networks.synced]);
      networks.follow(() => {
        for (const { runner } of members.values()) runner.addressesCame();
      });
      await view.start();
      // Before pods are set up, which begins while layer 2 still reads its pools.
      void sweep.start();
      await layer2.start();
    },
    programming: () => ({
      versions: view.seen(),
      isBusy: isBusy(),
      failing: failures(),
    }),
    repair: () => repairs.all(),
    repairs: () => repairs.count,
    async stop() {
      isStopped = true;
      cancelRetry();
      repairs.stop();
      endCni?.();
      view.stop();
      flows.stop();
      layer2.stop();
      await addressing.stop();
      settling.clear();
      for (const { front } of members.values()) front.stop();
      await readiness.stop();
      await Promise.all([...leaving.values(), ...[...members.values()].map(({ runner }) => runner.stop())]);
    },
    programmed: (versions) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (isBusy() || failures().length > 0 || !hasSeen(view, versions)) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
  };
}
