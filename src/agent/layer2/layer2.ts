import { keyOf, loadBalancerResources } from '../../api/resources.ts';
import type { Service } from '../../api/types/core.ts';
import type { Client } from '../../client/port.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { Frames } from '../../kernel/frames/port.ts';
import {
  announcementOrders,
  layer2Nodes,
  layer2Problems,
  type Candidates,
} from '../../model/load-balancer/layer2.ts';
import type { Problem } from '../../model/load-balancer/bgp-peers.ts';
import { poolsOf } from '../../model/load-balancer/pools.ts';
import { nodeLink } from '../../model/network/topology.ts';
import type { ClusterView, Dirty } from '../cluster-view.ts';
import { createHeldTeller, type Held } from './held.ts';
import { createSpeaker, type Speaker } from './speaker.ts';
import { createTicks } from './ticks.ts';

export interface Layer2Options {
  readonly client: Client;
  readonly view: ClusterView;
  readonly frames: Frames;
  readonly netnsOfNode: (node: string) => string;
  readonly clock: Clock;
  readonly log: Log;
  /** A node answers for an address from now on. */
  readonly onAnnounced?: (announced: Announced) => void;
  /** A machine with this link-layer address, which is no node of the cluster, has the address. */
  readonly onConflict?: (conflict: Announced & { readonly mac: string }) => void;
  /** Told of everything that the nodes of this process answer for, when that has become something else. */
  readonly onHeld?: (held: readonly Held[]) => void;
  /** Told of all advertisements that cannot be followed, whenever that may have changed. */
  readonly onProblems?: (problems: readonly Problem[]) => void;
  /** `isBusy` may have changed. */
  readonly onSettled: () => void;
}

export interface Announced {
  readonly node: string;
  readonly address: string;
  /** That have it. */
  readonly services: readonly Service[];
}

/** Announces load balancers' addresses on the segment of the nodes that this process looks after. */
export interface Layer2 {
  /** Resolves when it is known what is to be announced. */
  start(): Promise<void>;
  join(node: string): void;
  leave(node: string): void;
  /** Services or their endpoints changed. */
  apply(dirty: Dirty): void;
  /** Some address is about to be taken. */
  isBusy(): boolean;
  stop(): void;
}

export function createLayer2(options: Layer2Options): Layer2 {
  const { client, view } = options;
  const pools = client.informer(loadBalancerResources.ipaddresspools);
  const advertisements = client.informer(loadBalancerResources.l2advertisements);
  const speakers = new Map<string, Speaker>();
  /** The nodes that may answer, by address and by Service. */
  const byService = new Map<string, ReadonlyMap<string, Candidates>>();
  /** Keys of the Services that have each address. */
  let byAddress: ReadonlyMap<string, readonly string[]> = new Map();
  const changed = new Set<string>();
  const ends: (() => void)[] = [];
  let isAllChanged = true;
  let isPlanned = false;
  let isStarted = false;
  let wasNeeded = false;

  const world = (): Parameters<typeof layer2Nodes>[2] => ({
    pools: poolsOf(pools.values()).pools,
    advertisements: [...advertisements.values()],
    nodes: [...view.nodes.values()],
    link: nodeLink,
  });

  const servicesOf = (address: string): Service[] =>
    (byAddress.get(address) ?? []).flatMap((key) => view.serviceObjects.get(key) ?? []);
  const held = createHeldTeller({
    speakers,
    servicesOf: (address) => byAddress.get(address) ?? [],
    onHeld: (all) => options.onHeld?.(all),
  });

  /** What changed since the last time. Returns whether anything is different. */
  const recompute = (): void => {
    const services = isAllChanged ? [...view.serviceObjects.values()].map(keyOf) : [...changed];
    if (isAllChanged) byService.clear();
    changed.clear();
    isAllChanged = false;
    const now = world();
    for (const key of services) {
      const service = view.serviceObjects.get(key);
      const nodes = service && layer2Nodes(service, view.services.portsOf(key), now);
      if (nodes === undefined || nodes.size === 0) byService.delete(key);
      else byService.set(key, nodes);
    }
    byAddress = servicesByAddress(byService);
    const orders = announcementOrders(byService.values());
    for (const [node, speaker] of speakers) speaker.set(ofNode(orders, node));
    tickOrRest();
  };

  const plan = (): void => {
    if (isPlanned || !isStarted) return;
    isPlanned = true;
    setImmediate(() => {
      isPlanned = false;
      if (isStarted) recompute();
      options.onSettled();
    });
  };

  const ticks = createTicks({
    ...options,
    onTick() {
      for (const speaker of speakers.values()) speaker.tick();
      held.look(ticks.now());
      tickOrRest();
      options.onSettled();
    },
  });

  /** Nobody ticks where there is nothing to announce. */
  const tickOrRest = (): void => {
    const isNeeded = isStarted && byService.size > 0 && speakers.size > 0;
    // While nodes have yet to join, nobody is told that none of them has anything.
    if (isStarted && !isNeeded && (wasNeeded || byService.size === 0)) held.rest();
    wasNeeded = isNeeded;
    ticks.set(isNeeded);
  };

  const serviceChanged = (key: string): void => {
    const service = view.serviceObjects.get(key);
    if (service?.spec.type !== 'LoadBalancer' && !byService.has(key)) return;
    changed.add(key);
    plan();
  };
  const tellProblems = (): void => options.onProblems?.(layer2Problems(advertisements.values(), nodeLink));
  const everythingChanged = (): void => {
    isAllChanged = true;
    plan();
  };

  return {
    async start() {
      await Promise.all([pools.synced, advertisements.synced]);
      isStarted = true;
      ends.push(
        view.serviceObjects.onChange(({ key }) => serviceChanged(key)),
        view.nodes.onChange(everythingChanged),
        pools.onChange(everythingChanged),
        advertisements.onChange(() => {
          everythingChanged();
          tellProblems();
        }),
      );
      tellProblems();
      recompute();
    },
    join(node) {
      const speaker = createSpeaker({
        node,
        netns: options.netnsOfNode(node),
        link: nodeLink,
        frames: options.frames,
        cluster: () => view.namespaces.get('kube-system')?.metadata.uid ?? '',
        now: () => ticks.now(),
        log: options.log,
        onTaken: (address) => options.onAnnounced?.({ node, address, services: servicesOf(address) }),
        onConflict: (address, mac) =>
          options.onConflict?.({ node, address, mac, services: servicesOf(address) }),
      });
      speakers.set(node, speaker);
      everythingChanged();
    },
    leave(node) {
      speakers.get(node)?.close();
      speakers.delete(node);
    },
    apply(dirty) {
      for (const key of dirty.services) serviceChanged(key);
    },
    isBusy: () => isPlanned || [...speakers.values()].some((speaker) => !speaker.isSettled()),
    stop() {
      isStarted = false;
      ticks.set(false);
      for (const end of ends.splice(0)) end();
      for (const speaker of speakers.values()) speaker.close();
      speakers.clear();
    },
  };
}

function ofNode(
  orders: ReadonlyMap<string, readonly string[]>,
  node: string,
): Map<string, readonly string[]> {
  return new Map([...orders].filter(([, order]) => order.includes(node)));
}

function servicesByAddress(
  byService: ReadonlyMap<string, ReadonlyMap<string, unknown>>,
): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [key, addresses] of byService) {
    for (const address of addresses.keys()) {
      const keys = found.get(address);
      if (keys === undefined) found.set(address, [key]);
      else keys.push(key);
    }
  }
  return found;
}
