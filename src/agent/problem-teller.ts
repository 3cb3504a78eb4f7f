import { keyOf } from '../api/resources.ts';
import type { KubernetesObject } from '../api/types/meta.ts';
import type { Problem } from '../model/load-balancer/bgp-peers.ts';

/** Tells people by Events what they wrote that is not followed. */
export interface ProblemTeller {
  /** All problems there are now. Each is told once, as long as it says the same. */
  tell(problems: readonly Problem[]): void;
}

export function createProblemTeller(events: {
  warn(object: KubernetesObject, reason: string, message: string): void;
}): ProblemTeller {
  const told = new Map<string, string>();
  return {
    tell(problems) {
      const now = new Map(
        problems.map(({ object, why }) => [`${object.kind} ${keyOf(object)}`, { object, why }]),
      );
      for (const id of told.keys()) if (!now.has(id)) told.delete(id);
      for (const [id, { object, why }] of now) {
        if (told.get(id) === why) continue;
        told.set(id, why);
        events.warn(object, 'Ignored', why);
      }
    },
  };
}
