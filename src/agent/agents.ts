import { keyOf } from '../api/resources.ts';
import type { Service } from '../lib/lifecycle.ts';
import { traitsOf } from '../model/network/models.ts';
import { placeFamilies, type NodePlace } from '../model/network/topology.ts';
import { podLinks } from '../plan/links/node.ts';
import { createNodeAddressing } from './addresses/node-addressing.ts';
import { logAudits } from './policies/audit-log.ts';
import { createCniNodes } from './cni/cni-nodes.ts';
import { createClusterView, hasSeen, type ClusterView, type Dirty } from './cluster-view.ts';
import { createDenials, type Denials } from './policies/denials.ts';
import { createFailures, type NodeFailure } from './failures.ts';
import { createFairTurns } from './turns/fair-turns.ts';
import { createFirstPort } from './policies/first-port.ts';
import { createFlowLog, type FlowLog } from './flow-log.ts';
import { createFreshness } from './freshness.ts';
import { createJoins } from './joins.ts';
import { createLayer2 } from './layer2/layer2.ts';
import { createMembers } from './members.ts';
import { createPodNetworks } from './networks/networks.ts';
import type { NodeAgent } from './node-agent.ts';
import { createNodeParts } from './node-parts.ts';
import { createNodeReadiness } from './node-status.ts';
import type { AgentsOptions } from './options.ts';
import type { PodRunner } from './pods/pod-runner.ts';
import { createProgrammer } from './programmer.ts';
import { createReleases } from './pods/releases.ts';
import { createRepairs } from './repairs.ts';
import { createSweep } from './pods/sweep.ts';
import { createTurnShare } from './turns/turn-share.ts';

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
  readonly failing: readonly NodeFailure[];
}

const nothing: Dirty = {
  nodes: false,
  services: new Set(),
  rerouted: new Set(),
  pods: new Set(),
  classes: new Set(),
  policies: new Set(),
  interfaces: new Set(),
};

export function createAgents(options: AgentsOptions): Agents {
  const { client, kernel, log, clock, config, netnsOfNode } = options;
  const clientOf = options.clientOf ?? (() => client);
  const view = createClusterView(options);
  const waiting = new Set<() => void>();
  const checkWaiting = (): void => {
    for (const check of waiting) check();
  };
  let isStopped = false;
  const goOn = (): void => {
    if (!isStopped) void apply(nothing);
  };
  const failures = createFailures({ isNode: (name) => view.places.has(name), tryAgain: goOn, clock, log });
  const { attempt } = failures;
  const members = createMembers({
    places: view.places,
    onLeave(name) {
      addressing.leave(name);
      layer2.leave(name);
      programmer.forget(name);
      failures.forget(name);
    },
    onGone(name) {
      repairs.leave(name);
      denials.forget(netnsOfNode(name));
      flows.leave(name);
    },
    onLeft: goOn,
    log,
  });
  const { nodes } = members;
  const eachRunner = (tell: (runner: PodRunner, name: string) => void): void => {
    for (const [name, { runner }] of nodes) tell(runner, name);
  };
  // One kind of work at a time: what else waits (answers, requests) waits for one of them, not for their sum.
  const nextTurn = createFairTurns();
  const programmer = createProgrammer({
    nodes,
    stepBetween: () => joins.step(),
    attempt,
    onProgrammed() {
      parts.forgetCommon();
      repairs.listen();
      checkWaiting();
    },
    onSettled() {
      if (programmer.isIdle) parts.settled();
      checkWaiting();
    },
    nextTurn,
    clock,
  });

  const netnsOf = (node: string): string | undefined => (nodes.has(node) ? netnsOfNode(node) : undefined);
  const firstPort = createFirstPort({ ...kernel, places: view.places, netnsOf });
  const denials = createDenials({ ...view, packetLog: kernel.packetLog, firstPort });
  logAudits({ denials, log, clock });
  const flows = createFlowLog({ ...view, nft: kernel.nft, podLinks: podLinks(traitsOf(config)), clock, log });
  const addressing = createNodeAddressing({ ...options, clientOf });
  const networks = createPodNetworks({ client, ...kernel, log });
  const layer2 = createLayer2({ ...options, view, frames: kernel.frames, onSettled: checkWaiting });
  const cni = options.cni === undefined ? undefined : createCniNodes(options.cni, log);
  const readiness = createNodeReadiness({
    clientOf,
    node: (name) => view.nodes.get(name),
    problemOf: (name) => cni?.problemOf(name),
    clock,
    log,
  });
  const endCni = options.cni?.onFiles(() =>
    eachRunner((runner, name) => {
      readiness.ready(name);
      runner.addressesCame();
    }),
  );
  const sweep = createSweep({
    ...kernel,
    ...options,
    pods: view.pods,
    isRun: (key, uid) => [...nodes.values()].some(({ runner }) => runner.uidOf(key) === uid),
  });
  const repairs = createRepairs({
    ...options,
    nodes,
    view,
    attempt: (node, work) => attempt(node, work, 'rest'),
    // The node may have other addresses now.
    onCompared(name) {
      if (config.nodePortAddresses.length === 0) return;
      nodes.get(name)?.front.update([...view.serviceObjects.values()].map(keyOf));
    },
    drift: kernel.drift,
    nft: kernel.nft,
  });

  const parts = createNodeParts(options, {
    view,
    clientOf,
    addressing,
    denials,
    networks,
    cni,
    releases: createReleases(clock, (addresses) => {
      for (const { agent } of nodes.values()) agent.forgetConnections(addresses);
    }),
    wiring: createTurnShare({ clock, nextTurn }),
  });

  /** Programs a node whose tables are laid out with all that there is, and begins to run its pods. */
  const enlist = (place: NodePlace, agent: NodeAgent): void => {
    const { name } = place;
    const [runner, freshness] = [parts.runnerOf(place, agent), createFreshness(clock)];
    const refusal = agent.start(runner.adopt(view.pods.values()));
    void cni?.sweep(name, view.pods.values());
    addressing.join(name, { needs: () => runner.needs(), onMore: () => runner.addressesCame() });
    denials.watch(name, netnsOfNode(name));
    flows.join({ name, netns: netnsOfNode(name), families: placeFamilies(place) });
    repairs.follow(name);
    members.add({ place, agent, runner, front: parts.frontOf(place, agent, freshness), freshness });
    readiness.ready(name);
    layer2.join(name);
    runner.start();
    for (const pod of view.pods.values()) runner.podChanged(keyOf(pod));
    if (refusal !== undefined) throw refusal;
  };
  const joins = createJoins({
    agentOf: parts.agentOf,
    open: ({ name }) => kernel.namespaces.open(netnsOfNode(name)),
    enlist,
    attempt,
  });

  /** Of all nodes; many changes take several turns of the event loop. */
  const apply = (dirty: Dirty): Promise<void> | undefined => {
    sweep.podsChanged(dirty.pods);
    programmer.add(dirty);
    layer2.apply(dirty);
    options.onView?.(view);
    if (dirty.nodes) {
      members.leaveWhereChanged();
      for (const name of joins.giveUpWhereChanged(view.places)) failures.forget(name);
    }
    for (const place of view.places.values()) {
      const isAbsent = !nodes.has(place.name) && !members.isLeaving(place.name);
      if (isAbsent && !joins.has(place.name)) joins.add(place);
      // It may be another object than the one that was told.
      else if (dirty.nodes && !isAbsent) readiness.ready(place.name);
    }
    return programmer.run();
  };

  const isBusy = (): boolean => !programmer.isIdle || members.isAnyLeaving || layer2.isBusy();

  return {
    denials,
    flows,
    domains: view.domains,
    async start() {
      view.onDirty(apply);
      repairs.start();
      await Promise.all([addressing.synced, networks.synced]);
      networks.follow(() => eachRunner((runner) => runner.addressesCame()));
      await view.start();
      // Before pods are set up, which begins while layer 2 still reads its pools.
      void sweep.start();
      await layer2.start();
    },
    programming: () => ({ versions: view.seen(), isBusy: isBusy(), failing: failures.list() }),
    repair: () => repairs.all(),
    repairs: () => repairs.count,
    async stop() {
      isStopped = true;
      failures.stop();
      repairs.stop();
      endCni?.();
      view.stop();
      flows.stop();
      layer2.stop();
      await addressing.stop();
      programmer.clear();
      await readiness.stop();
      await members.stop();
    },
    programmed: (versions) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (isBusy() || failures.list().length > 0 || !hasSeen(view, versions)) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
  };
}
