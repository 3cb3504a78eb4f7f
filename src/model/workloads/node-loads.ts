import type { Pod } from '../../api/types/core.ts';
import { hasEnded } from './pod-state.ts';
import { ownerOf, type NodeLoad } from './schedule.ts';

/** What each node carries, kept pod by pod. */
export interface NodeLoads {
  readonly loads: ReadonlyMap<string, NodeLoad>;
  /** Counts the pod where it is bound now; undefined no longer counts it anywhere. Repeating changes nothing. */
  set(key: string, pod: Pod | undefined): void;
}

interface MutableLoad {
  pods: number;
  readonly byOwner: Map<string, number>;
}

/** Pods that have ended take no room, though they may still be bound. */
export function createNodeLoads(): NodeLoads {
  const loads = new Map<string, MutableLoad>();
  const counted = new Map<string, { readonly node: string; readonly owner: string }>();

  function count(node: string, owner: string, by: 1 | -1): void {
    const load = loads.get(node) ?? { pods: 0, byOwner: new Map<string, number>() };
    loads.set(node, load);
    load.pods += by;
    const owned = (load.byOwner.get(owner) ?? 0) + by;
    if (owned === 0) load.byOwner.delete(owner);
    else load.byOwner.set(owner, owned);
    if (load.pods === 0) loads.delete(node);
  }

  return {
    loads,
    set(key, pod) {
      const before = counted.get(key);
      if (before !== undefined) {
        counted.delete(key);
        count(before.node, before.owner, -1);
      }
      const node = pod?.spec.nodeName ?? '';
      if (pod === undefined || node === '' || hasEnded(pod)) return;
      const now = { node, owner: ownerOf(pod) };
      counted.set(key, now);
      count(now.node, now.owner, 1);
    },
  };
}
