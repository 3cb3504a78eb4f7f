import { messageOf, WeftError } from '../lib/errors.ts';
import type {
  NamespaceState,
  Route,
  RouteFailure,
  RouteNetlink,
  RouteOperation,
} from '../kernel/route/port.ts';
import { agentLinks } from '../model/network/models.ts';
import type { NodePlace } from '../model/network/topology.ts';
import { diffNamespace, emptyNamespace, restrictTo } from '../plan/links/diff.ts';
import {
  hostPrefix,
  isAgentLink,
  nodeOverlay,
  podLink,
  podLinkName,
  type LinkTraits,
  type WiredPod,
} from '../plan/links/node.ts';
import { podInside, podOnNode } from '../plan/links/pod.ts';

/** Links, routes and neighbours of one node and its pods. */
export interface Overlay {
  /** Learns what an earlier process left, once, and removes the links of pods other than `survivors`. */
  start(survivors: Iterable<WiredPod>): void;
  /** Connects the node with the others; cost proportional to what changed. */
  setPeers(others: Iterable<NodePlace>): void;
  /**
   * Wires a pod whose namespace exists; one that is new is known to be empty. Idempotent. Throws `wiring-failed`.
   */
  addPod(pod: WiredPod, namespace?: { readonly isNew: boolean }): void;
  /** Takes the pod's link and route away. Idempotent. */
  removePod(uid: string): void;
  /**
   * Puts back what somebody else took away of the links, addresses, routes and entries that should be there. Returns
   * how many things were missing and are back. Throws `wiring-failed` where that is not possible now; a pod of which
   * that is so is one of the `broken` instead.
   */
  repair(): number;
  /** The same inside the pods' namespaces. Returns the uids of those where something was missing and is back. */
  repairPods(): string[];
  /** Uids of the pods that the last repair could not mend, with why. */
  broken(): ReadonlyMap<string, string>;
  /** Takes away what connects the node with the others, once its pods are gone. */
  cleanup(): void;
}

export interface OverlayOptions {
  readonly route: RouteNetlink;
  readonly netns: string;
  readonly node: NodePlace;
  readonly traits: LinkTraits;
  /** Routes on links that are not the agent's own. */
  readonly routes: readonly Route[];
}

export function createOverlay({ route, netns, node, traits, routes }: OverlayOptions): Overlay {
  let overlay: NamespaceState = emptyNamespace;
  const pods = new Map<string, { readonly pod: WiredPod; readonly state: NamespaceState }>();
  /** What is on the node's side of every pod, or was to be: of some only a part is there. */
  const begun = new Map<string, NamespaceState>();
  /** What is wrong on the node's side of a pod, and inside it, by uid. */
  const broken = { outside: new Map<string, string>(), inside: new Map<string, string>() };
  /** What was there at the start and stays, until it is claimed. */
  let adopted: NamespaceState = emptyNamespace;

  const replace = (current: NamespaceState, desired: NamespaceState): void => {
    throwOn(route.apply(netns, diffNamespace(current, desired)), `node ${node.name}`);
  };

  /** Sets up the pod's end, comparing with what is there: the namespace may be one that an earlier process wired. */
  const wireInside = (pod: WiredPod, namespace = { isNew: false }): void => {
    const desired = podInside(node, pod, traits);
    // The link came with its near end; nothing else is in a new namespace.
    const current = namespace.isNew
      ? { ...emptyNamespace, links: desired.links }
      : restrictTo(route.dump(pod.netns), (link) => link === podLink);
    throwOn(route.apply(pod.netns, diffNamespace(current, desired)), `pod namespace ${pod.netns}`);
  };

  /** What is more than should be there is the pod's own. False when nothing was missing. */
  const repairInside = (pod: WiredPod): boolean => {
    const desired = podInside(node, pod, traits);
    const actual = route.dump(pod.netns);
    const missing = diffNamespace(commonWith(actual, desired), desired);
    if (missing.length === 0) return false;
    const link = actual.links.get(podLink);
    const setUp: RouteOperation[] = link === undefined ? [] : [{ action: 'set-link', link }];
    throwOn(route.apply(pod.netns, [...setUp, ...missing]), `pod namespace ${pod.netns}`);
    return true;
  };

  /** Whether `work` could be done for a pod, and whether it found anything to do. */
  const mend = (side: keyof typeof broken, uid: string, work: () => boolean): boolean => {
    try {
      const found = work();
      broken[side].delete(uid);
      return found;
    } catch (error) {
      broken[side].set(uid, messageOf(error));
      return false;
    }
  };

  return {
    start(survivors) {
      const pods = [...survivors];
      const kept = new Set([...agentLinks, ...pods.map(({ uid }) => podLinkName(uid))]);
      const found = restrictTo(route.dump(netns), isAgentLink);
      adopted = withoutPods(restrictTo(found, (link) => kept.has(link)));
      replace(
        restrictTo(found, (link) => !kept.has(link)),
        emptyNamespace,
      );
      replace({ ...emptyNamespace, routes: routesWithoutPod(found, pods) }, emptyNamespace);
      replace(emptyNamespace, { ...emptyNamespace, routes });
    },
    setPeers(others) {
      const desired = nodeOverlay(node, others, traits);
      const before =
        overlay === emptyNamespace ? restrictTo(adopted, (link) => agentLinks.has(link)) : overlay;
      replace(before, desired);
      overlay = desired;
    },
    addPod(pod, namespace) {
      const desired = podOnNode(node, pod, traits);
      const before = pods.get(pod.uid)?.state ?? restrictTo(adopted, (link) => desired.links.has(link));
      begun.set(pod.uid, desired);
      replace(before, desired);
      pods.set(pod.uid, { pod, state: desired });
      if (before !== desired) wireInside(pod, namespace);
    },
    removePod(uid) {
      const before = pods.get(uid);
      // Of a pod that was wired only in part, all that is there hangs on its link, but for a route by a bridge.
      if (before === undefined) route.apply(netns, [...removalOf(begun.get(uid)), deletionOf(uid)]);
      else replace(before.state, emptyNamespace);
      pods.delete(uid);
      begun.delete(uid);
      for (const side of Object.values(broken)) side.delete(uid);
    },
    cleanup() {
      replace({ ...overlay, routes: [...overlay.routes, ...routes] }, emptyNamespace);
      overlay = emptyNamespace;
    },
    repair() {
      const desired = unionOf([
        overlay,
        { ...emptyNamespace, routes },
        ...[...pods.values()].map(({ state }) => state),
      ]);
      const actual = route.dump(netns);
      const missing = diffNamespace(commonWith(actual, desired), desired);
      if (missing.length === 0) return 0;
      const failures = route.apply(netns, [...linksOf(missing, actual), ...missing]);
      const others = new Set(failures);
      for (const { pod, state } of pods.values()) {
        const own = failures.filter(({ operation }) => state.links.has(linkOf(operation)));
        for (const failure of own) others.delete(failure);
        const isThere = [...state.links.keys()].every((link) => actual.links.has(link));
        if (isThere && own.length === 0) continue;
        mend('outside', pod.uid, () => {
          throwOn(own, `its link on node ${node.name}`);
          wireInside(pod);
          return true;
        });
      }
      throwOn([...others], `node ${node.name}`);
      return missing.length - failures.length;
    },
    repairPods: () =>
      [...pods.values()].flatMap(({ pod }) =>
        mend('inside', pod.uid, () => repairInside(pod)) ? [pod.uid] : [],
      ),
    // What is wrong on the node's side is why the inside is wrong too.
    broken: () => new Map([...broken.inside, ...broken.outside]),
  };
}

function deletionOf(uid: string): RouteOperation {
  return { action: 'delete-link', name: podLinkName(uid) };
}

/** Of routes that no link of the pod's takes away with it. */
function removalOf(state: NamespaceState = emptyNamespace): RouteOperation[] {
  const left = state.routes.filter(({ link }) => agentLinks.has(link));
  return left.map((route) => ({ action: 'delete-route', route }));
}

/** Pods of a bridge are claimed one by one: what it knows of them is not taken away before. */
function withoutPods(state: NamespaceState): NamespaceState {
  const isNoPod = ({ link }: { readonly link: string }): boolean => !isBridge(state, link);
  return {
    ...state,
    routes: state.routes.filter(isNoPod),
    neighbours: state.neighbours.filter(isNoPod),
  };
}

/** What goes with no link of theirs: the routes by a bridge to pods that have gone. */
function routesWithoutPod(state: NamespaceState, pods: readonly WiredPod[]): Route[] {
  const alive = new Set(pods.flatMap(({ addresses }) => addresses.map(hostPrefix)));
  return state.routes.filter(({ link, destination }) => isBridge(state, link) && !alive.has(destination));
}

function isBridge({ links }: NamespaceState, link: string): boolean {
  return links.get(link)?.kind === 'bridge';
}

/** All of them together; they have no link of their own in common. */
function unionOf(states: readonly NamespaceState[]): NamespaceState {
  return {
    links: new Map(states.flatMap(({ links }) => [...links])),
    addresses: states.flatMap(({ addresses }) => addresses),
    routes: states.flatMap((state) => state.routes),
    neighbours: states.flatMap(({ neighbours }) => neighbours),
    fdb: states.flatMap(({ fdb }) => fdb),
  };
}

/** What is there of what should be: the rest is somebody else's, or goes by another way. */
function commonWith(actual: NamespaceState, desired: NamespaceState): NamespaceState {
  const found = restrictTo(actual, (link) => desired.links.has(link));
  const destinations = new Set(desired.routes.map(({ destination }) => destination));
  return { ...found, routes: actual.routes.filter(({ destination }) => destinations.has(destination)) };
}

/** Links that are there and on which something is missing: perhaps because somebody set them down. */
function linksOf(missing: readonly RouteOperation[], actual: NamespaceState): RouteOperation[] {
  const onLinks = missing.filter((it) => 'address' in it || 'route' in it || 'neighbour' in it);
  const names = new Set(onLinks.map(linkOf));
  return [...names].flatMap((name): RouteOperation[] => {
    const link = isAgentLink(name) ? actual.links.get(name) : undefined;
    return link === undefined ? [] : [{ action: 'set-link', link }];
  });
}

/** Name of the link that an operation is about. */
function linkOf(operation: RouteOperation): string {
  if ('address' in operation) return operation.address.link;
  if ('route' in operation) return operation.route.link;
  if ('neighbour' in operation) return operation.neighbour.link;
  if ('entry' in operation) return operation.entry.link;
  if ('rule' in operation) return 'lo';
  return 'link' in operation ? operation.link.name : operation.name;
}

function throwOn(failures: readonly RouteFailure[], where: string): void {
  const first = failures[0];
  if (first === undefined) return;
  const others = failures.length - 1;
  throw new WeftError(
    'wiring-failed',
    `${where}: ${first.operation.action}: ${first.code} ${first.message}`,
    {
      hint: others > 0 ? `${others} more operations failed after it` : undefined,
    },
  );
}
