import { WeftError } from '../../../src/lib/errors.ts';
import type { PodServing } from '../../../src/workload/port.ts';
import type { PodSettings, Serving } from '../../../src/agent/pods/pod-life.ts';

/** A process that serves pods, in memory; it outlives the agents of a test. */
export interface FakeServing extends Serving {
  readonly served: ReadonlyMap<string, PodServing>;
  /** Set to make `serve` fail with this code. */
  failure: string | undefined;
}

export function createFakeServing(): FakeServing {
  const served = new Map<string, PodServing>();
  const serving: FakeServing = {
    served,
    failure: undefined,
    async serve(pod) {
      if (serving.failure !== undefined) throw new WeftError(serving.failure, `not now: ${serving.failure}`);
      served.set(pod.uid, pod);
      return pod.listeners;
    },
    async unserve(uid) {
      served.delete(uid);
    },
    list: async () => [...served.values()],
  };
  return serving;
}

/** Settings that are only remembered. */
export function createFakeSettings(): PodSettings {
  const written = new Set<string>();
  return {
    write: ({ metadata }) => void written.add(metadata.uid ?? ''),
    remove: (uid) => void written.delete(uid),
    list: () => [...written],
  };
}
