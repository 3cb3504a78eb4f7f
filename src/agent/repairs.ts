import type { Node, Pod } from '../api/types/core.ts';
import type { DriftWatch } from '../kernel/drift/port.ts';
import type { Nftables } from '../kernel/nft/port.ts';
import type { Clock } from '../lib/clock.ts';
import { messageOf, WeftError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { ClusterView } from './cluster-view.ts';
import { createDriftRepair } from './drift-repair.ts';
import type { NodeAgent } from './node-agent.ts';
import type { PodRunner } from './pods/pod-runner.ts';

/** Mends what somebody else changed on nodes and in pods: when the kernel tells of it, and regularly. */
export interface Repairs {
  /** Begins to look by itself. */
  start(): void;
  stop(): void;
  /** To be called with a node that has just been programmed for the first time, and when it is left. */
  follow(node: string): void;
  leave(node: string): void;
  /**
   * Listens to the rules of all nodes that are followed from now on, and looks whether they changed before. Not earlier
   * than when all that join are programmed: see `DriftWatch`.
   */
  listen(): void;
  /** Compares every node's kernel with what it should hold, and mends it. Returns how many things differed. */
  all(): number;
  /** How many things were mended so far. */
  readonly count: number;
}

/** A node, as far as it is repaired. */
export interface RepairedNode {
  readonly agent: NodeAgent;
  readonly runner: PodRunner;
}

export interface RepairsOptions {
  /** By name. */
  readonly nodes: ReadonlyMap<string, RepairedNode>;
  readonly netnsOfNode: (node: string) => string;
  readonly view: Pick<ClusterView, 'nodes' | 'pods'>;
  /** Does the work, and sees to it that the node is programmed again where it throws. */
  readonly attempt: (node: string, work: () => void) => void;
  /** Told of a node that was compared regularly: what follows from its kernel's state may be another. */
  readonly onCompared: (node: string) => void;
  readonly onRepair?: ((object: Node | Pod) => void) | undefined;
  readonly onBroken?: ((pod: Pod, why: string) => void) | undefined;
  readonly drift: DriftWatch;
  readonly nft: Pick<Nftables, 'generation'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** How often the kernel is compared with what it should hold, whether or not it told of a change. */
const intervalMs = 30_000;

export function createRepairs(options: RepairsOptions): Repairs {
  const { nodes, netnsOfNode, view, attempt, clock, log } = options;
  /** Nodes whose rules are not listened to yet, with what these were when the node had just been programmed. */
  const unheard = new Map<string, number | undefined>();
  let count = 0;
  let cancel = (): void => {};

  const repair = (name: string, agent: NodeAgent): number => {
    const repaired = agent.repair();
    if (repaired === 0) return 0;
    log.warn({ node: name, repaired }, 'what somebody else changed was mended');
    const node = view.nodes.get(name);
    count += repaired;
    if (node !== undefined) options.onRepair?.(node);
    return repaired;
  };

  /** Throws where some pod could not be mended, so that it is tried again soon. */
  const repairPods = (name: string, node: RepairedNode): void => {
    const { agent } = node;
    if (agent.brokenPods().size > 0) repair(name, agent);
    for (const key of agent.repairPods()) {
      log.warn({ pod: key }, 'what somebody else changed in a pod was mended');
      count += 1;
      const pod = view.pods.get(key);
      if (pod !== undefined) options.onRepair?.(pod);
    }
    tellBroken(node);
  };

  const tellBroken = ({ agent, runner }: RepairedNode): void => {
    const broken = agent.brokenPods();
    for (const key of runner.setBroken(broken)) {
      const [pod, why = ''] = [view.pods.get(key), broken.get(key)];
      log.warn({ pod: key, error: why }, 'a pod could not be mended');
      if (pod !== undefined) options.onBroken?.(pod, why);
    }
    const [first] = broken.values();
    if (first !== undefined) throw new WeftError('pods-broken', first);
  };

  /** Of a node that has pods which could not be mended. They are no reason why the node would not be programmed. */
  const retryBroken = (name: string, node: RepairedNode): void => {
    if (node.agent.brokenPods().size === 0) return;
    try {
      repairPods(name, node);
    } catch (error) {
      log.debug({ node: name, error: messageOf(error) }, 'a pod is still broken');
    }
  };

  const compare = (name: string): number => {
    const node = nodes.get(name);
    if (node === undefined) return 0;
    let repaired = 0;
    attempt(name, () => {
      repaired = repair(name, node.agent);
      options.onCompared(name);
    });
    retryBroken(name, node);
    return repaired;
  };

  const all = (): number => [...nodes.keys()].reduce((total, name) => total + compare(name), 0);

  const drift = createDriftRepair({
    clock,
    repair(what) {
      for (const [name, node] of nodes) {
        const netns = netnsOfNode(name);
        if (what === podsOf(netns)) repairPods(name, node);
        if (what !== netns) continue;
        repair(name, node.agent);
        tellBroken(node);
      }
    },
  });

  const listen = (): void => {
    for (const [name, generation] of unheard) {
      const netns = netnsOfNode(name);
      try {
        options.drift.watch(netns, ['rules']);
        unheard.delete(name);
        if (options.nft.generation(netns) !== generation) drift.drifted(netns);
      } catch (error) {
        log.error({ node: name, error: messageOf(error) }, 'changes of rules are not heard of');
      }
    }
  };

  const regularly = (): void => {
    cancel = clock.after(intervalMs, () => inTurns([...nodes.keys()]));
  };

  /** Each node in a turn of its own: a lab of twenty would keep everything else waiting for a third of a second. */
  const inTurns = ([name, ...others]: readonly string[]): void => {
    if (name === undefined) {
      listen();
      return regularly();
    }
    compare(name);
    cancel = clock.after(0, () => inTurns(others));
  };

  return {
    start() {
      options.drift.onDrift(({ namespace, of }) =>
        drift.drifted(of === 'peers' ? podsOf(namespace) : namespace),
      );
      regularly();
    },
    stop() {
      cancel();
      drift.stop();
    },
    follow(name) {
      options.drift.watch(netnsOfNode(name), ['links', 'peers']);
      unheard.set(name, options.nft.generation(netnsOfNode(name)));
    },
    leave(name) {
      unheard.delete(name);
      options.drift.forget(netnsOfNode(name));
    },
    listen,
    all,
    get count() {
      return count;
    },
  };
}

/** What is repaired: a node by its namespace, and its pods all together. */
const podsOf = (nodeNetns: string): string => `pods of ${nodeNetns}`;
