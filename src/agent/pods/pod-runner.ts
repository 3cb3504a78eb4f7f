import type { Pod } from '../../api/types/core.ts';
import { apiCode } from '../../client/errors.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { createWorkQueue, type NextRun } from '../../lib/queue.ts';
import type { NodeNeeds } from '../../model/addressing/node-spec.ts';
import { drain } from './drain.ts';
import type { EndpointState } from '../services/endpoint-index.ts';
import { createPodLife, type PodLifeOptions, type PodRun } from './pod-life.ts';
import type { RunningPod } from './running-pod.ts';

/** Runs a node's pods: a namespace, an address, a wire, somebody who answers, and the status that says so. */
export interface PodRunner {
  /**
   * Claims the pods that an earlier process set up, by their status, before any new pod is given an address. To be
   * called once, before `start`. Returns those with an address of their own.
   */
  adopt(pods: Iterable<Pod>): ReadonlyMap<string, RunningPod>;
  start(): void;
  /** Of the pod with this key that it has claimed and not taken down yet. */
  uidOf(key: string): string | undefined;
  /** What the node's pods need of its addresses. */
  needs(): NodeNeeds;
  /** There may be addresses for pods that wait for one. */
  addressesCame(): void;
  /** The pod's object changed, came or went. */
  podChanged(key: string): void;
  /** These pods cannot be mended, and the others can: their status says so. Returns those that were not so before. */
  setBroken(broken: ReadonlyMap<string, string>): string[];
  stop(): Promise<void>;
  /** Stops, and takes all pods down: the node has left the cluster. */
  leave(): Promise<void>;
}

export interface PodRunnerOptions extends PodLifeOptions {
  readonly endpointState: (key: string, addresses: readonly string[]) => EndpointState;
  readonly log: Log;
  /** What `needs` answers may be something else now. */
  readonly needsChanged: () => void;
}

const isEnding = ({ metadata }: Pod): boolean => metadata.deletionTimestamp !== undefined;

/** Pods are set up this many at a time: the work is synchronous but for the calls to other processes. */
const concurrency = 16;

export function createPodRunner(options: PodRunnerOptions): PodRunner {
  const { node, log, clock } = options;
  const life = createPodLife(options);
  const runs = new Map<string, PodRun>();
  /** Uids of pods that could not be started and wait for the next try, by key. */
  const failed = new Map<string, string>();
  const belongs = (pod: Pod | undefined): pod is Pod => pod?.spec.nodeName === node.name;

  const ownRuns = (): PodRun[] => [...runs.values()].filter(({ hostNetwork }) => !hostNetwork);

  const claim = (key: string, pod: Pod): PodRun => {
    const run = life.claim(key, pod);
    runs.set(key, run);
    options.needsChanged();
    return run;
  };

  /** Where there is no address for it any more, it gets one when there is, as a new pod does. */
  const adopt = (key: string, pod: Pod): void => {
    try {
      claim(key, pod);
    } catch (thrown) {
      log.warn({ pod: key, node: node.name, error: messageOf(thrown) }, 'pod could not be adopted');
    }
  };

  const takeDown = async (run: PodRun): Promise<void> => {
    await life.takeDown(run);
    runs.delete(run.key);
    options.needsChanged();
  };

  /** What a pod could not do is told by its status; what concerns only the API is tried again in silence. */
  const fail = async (key: string, pod: Pod, thrown: unknown): Promise<NextRun> => {
    const run = runs.get(key);
    if (run?.stage === 'served') {
      log.debug({ pod: key, error: messageOf(thrown) }, 'pod status could not be written');
      // Gone, or another pod by now: its event is on the way.
      return ['api-not-found', 'api-conflict'].includes(apiCode(thrown) ?? '') ? 'never' : 'back-off';
    }
    const why = messageOf(thrown);
    log.warn({ pod: key, node: node.name, error: why }, 'pod could not be started');
    failed.set(key, pod.metadata.uid ?? '');
    options.needsChanged();
    // Half a wire is in the way of the next try; a wire that nobody serves yet is not.
    if (run?.stage === 'claimed') await takeDown(run);
    try {
      await life.reportWaiting(pod, why);
    } catch (error) {
      log.debug({ pod: key, error: messageOf(error) }, 'pod status could not be written');
    }
    return 'back-off';
  };

  /** How long a pod that is gone has to stay, 0 when it may go. */
  const drainOf = (run: PodRun): number => {
    const endpoint = options.endpointState(run.key, run.addresses);
    const { waitMs, leaving } = drain(run.leaving, { now: clock.monotonic(), endpoint });
    run.leaving = leaving;
    return waitMs;
  };

  /** The API server keeps a pod that is being deleted until its node says that it has ended. */
  const letGo = async (key: string, pod: Pod): Promise<NextRun> => {
    // That was said, and it is kept for other reasons.
    if (pod.metadata.deletionGracePeriodSeconds === 0) return 'never';
    try {
      await life.end(pod);
      return 'never';
    } catch (thrown) {
      log.debug({ pod: key, error: messageOf(thrown) }, 'the end of a pod could not be told');
      return apiCode(thrown) === 'api-conflict' ? 'never' : 'back-off';
    }
  };

  const sync = async (key: string): Promise<NextRun> => {
    const pod = options.pod(key);
    const run = runs.get(key);
    if (run !== undefined && !(belongs(pod) && pod.metadata.uid === run.uid && !isEnding(pod))) {
      const afterMs = drainOf(run);
      if (afterMs > 0) return { afterMs };
      await takeDown(run);
    }
    failed.delete(key);
    if (!belongs(pod)) return 'never';
    if (isEnding(pod)) return letGo(key, pod);
    try {
      await life.bringUp(runs.get(key) ?? claim(key, pod), pod);
      return 'never';
    } catch (thrown) {
      return fail(key, pod, thrown);
    }
  };

  const queue = createWorkQueue({
    clock,
    concurrency,
    handler: (key) => sync(key),
    onThrow: (key, thrown) => log.error({ pod: key, error: messageOf(thrown) }, 'pod runner failed'),
  });

  return {
    adopt(pods) {
      for (const pod of pods) {
        const key = `${pod.metadata.namespace ?? 'default'}/${pod.metadata.name}`;
        if (belongs(pod) && pod.status?.podIP !== undefined) adopt(key, pod);
      }
      return new Map(ownRuns().map((run) => [run.key, run]));
    },
    start() {
      for (const key of runs.keys()) queue.add(key);
      queue.start();
    },
    uidOf: (key) => runs.get(key)?.uid,
    needs: () => ({
      demand: new Set([...failed.keys(), ...ownRuns().map(({ key }) => key)]).size,
      isInUse: (address) => life.isTaken(address),
    }),
    addressesCame() {
      for (const key of failed.keys()) queue.add(key);
    },
    podChanged(key) {
      const pod = options.pod(key);
      // That it waits was written by ourselves, and must not cut the wait short.
      const isOwnEcho = failed.has(key) && failed.get(key) === pod?.metadata.uid;
      if (!isOwnEcho && (runs.has(key) || belongs(pod))) queue.add(key);
    },
    setBroken(broken) {
      const changed = [...runs.values()].filter((run) => run.broken !== broken.get(run.key));
      for (const run of changed) {
        run.broken = broken.get(run.key);
        if (run.stage === 'running') run.stage = 'served';
        queue.add(run.key);
      }
      return changed.filter((run) => run.broken !== undefined).map(({ key }) => key);
    },
    stop: () => queue.stop(),
    async leave() {
      await queue.stop();
      for (const run of runs.values()) await takeDown(run);
    },
  };
}
