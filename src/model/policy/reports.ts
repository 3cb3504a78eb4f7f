import { unrestricted } from './allowances.ts';
import type { PodPolicy } from './port.ts';

/** What a pod is to the data plane. */
interface PodState {
  readonly peerClass: number;
  readonly policy: PodPolicy;
}

/** Remembers what was told about each pod, so that only true changes are told again. */
export interface Reports {
  /** Compares the candidates with what was told last, and remembers what they are now. */
  compare(
    podKeys: Iterable<string>,
    stateOf: (podKey: string) => PodState,
  ): {
    readonly classes: Set<string>;
    readonly policies: Set<string>;
  };
}

const unknownPod: PodState = { peerClass: 0, policy: unrestricted };

export function createReports(): Reports {
  const told = new Map<string, PodState>();
  return {
    compare(podKeys, stateOf) {
      const classes = new Set<string>();
      const policies = new Set<string>();
      for (const podKey of podKeys) {
        const before = told.get(podKey) ?? unknownPod;
        const now = stateOf(podKey);
        if (before.peerClass !== now.peerClass) classes.add(podKey);
        if (before.policy !== now.policy) policies.add(podKey);
        if (now.peerClass === 0 && now.policy === unrestricted) told.delete(podKey);
        else told.set(podKey, now);
      }
      return { classes, policies };
    },
  };
}
