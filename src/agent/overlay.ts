import { WeftError } from '../lib/errors.ts';
import type { NamespaceState, RouteFailure, RouteNetlink } from '../kernel/route/port.ts';
import type { NodePlace } from '../model/network/topology.ts';
import { diffNamespace, emptyNamespace, restrictTo } from '../plan/links/diff.ts';
import {
  isAgentLink,
  nodeOverlay,
  podInside,
  podLink,
  podLinkName,
  podOnNode,
  tunnelLink,
  type WiredPod,
} from '../plan/links/node.ts';

/** Links, routes and neighbours of one node and its pods. */
export interface Overlay {
  /** Learns what an earlier process left, once, and removes the links of pods other than `survivors`. */
  start(survivors: Iterable<WiredPod>): void;
  /** Connects the node with the others; cost proportional to what changed. */
  setPeers(others: Iterable<NodePlace>): void;
  /** Wires a pod whose namespace exists. Idempotent. Throws `wiring-failed`. */
  addPod(pod: WiredPod): void;
  /** Takes the pod's link and route away. Idempotent. */
  removePod(uid: string): void;
}

export interface OverlayOptions {
  readonly route: RouteNetlink;
  readonly netns: string;
  readonly node: NodePlace;
}

export function createOverlay({ route, netns, node }: OverlayOptions): Overlay {
  let overlay: NamespaceState = emptyNamespace;
  const pods = new Map<string, NamespaceState>();
  /** What was there at the start and stays, until it is claimed. */
  let adopted: NamespaceState = emptyNamespace;

  const replace = (current: NamespaceState, desired: NamespaceState): void => {
    throwOn(route.apply(netns, diffNamespace(current, desired)), `node ${node.name}`);
  };

  return {
    start(survivors) {
      const kept = new Set([tunnelLink, ...Array.from(survivors, ({ uid }) => podLinkName(uid))]);
      const found = restrictTo(route.dump(netns), isAgentLink);
      adopted = restrictTo(found, (link) => kept.has(link));
      replace(
        restrictTo(found, (link) => !kept.has(link)),
        emptyNamespace,
      );
    },
    setPeers(others) {
      const desired = nodeOverlay(node, others);
      const before =
        overlay === emptyNamespace ? restrictTo(adopted, (link) => desired.links.has(link)) : overlay;
      replace(before, desired);
      overlay = desired;
    },
    addPod(pod) {
      const desired = podOnNode(node, pod);
      const before = pods.get(pod.uid) ?? restrictTo(adopted, (link) => desired.links.has(link));
      replace(before, desired);
      pods.set(pod.uid, desired);
      if (before !== desired) wireInside(route, pod);
    },
    removePod(uid) {
      const before = pods.get(uid);
      if (before === undefined) return;
      replace(before, emptyNamespace);
      pods.delete(uid);
    },
  };
}

/** Sets up the pod's end, comparing with what is there: the namespace may be one that an earlier process wired. */
function wireInside(route: RouteNetlink, pod: WiredPod): void {
  const desired = podInside(pod);
  const current = restrictTo(route.dump(pod.netns), (link) => link === podLink);
  throwOn(route.apply(pod.netns, diffNamespace(current, desired)), `pod namespace ${pod.netns}`);
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
