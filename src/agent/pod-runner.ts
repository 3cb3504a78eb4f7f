import { resources } from '../api/resources.ts';
import type { Pod } from '../api/types/core.ts';
import { apiCode } from '../client/errors.ts';
import type { Client } from '../client/port.ts';
import { messageOf, WeftError } from '../lib/errors.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { createWorkQueue, type NextRun } from '../lib/queue.ts';
import type { NetworkNamespaces } from '../kernel/netns/port.ts';
import type { RouteNetlink } from '../kernel/route/port.ts';
import type { Sysctl } from '../kernel/sysctl/port.ts';
import { lastingContainers } from '../model/identity/pod-facts.ts';
import type { NodePlace } from '../model/network/topology.ts';
import { labSysctls } from '../plan/sysctls.ts';
import type { Listener, PodServing } from '../workload/port.ts';
import { drain, type Leaving } from './drain.ts';
import type { EndpointState } from './endpoint-index.ts';
import type { Overlay } from './overlay.ts';
import { createPodAddresses } from './pod-addresses.ts';
import { isReportedAs, isWaitingWith, runningStatus, waitingStatus } from './pod-status.ts';

/** Runs a node's pods: a namespace, an address, a wire, somebody who answers, and the status that says so. */
export interface PodRunner {
  /**
   * Claims the pods that an earlier process set up, by their status, before any new pod is given an address. To be
   * called once, before `start`. Returns those with an address of their own.
   */
  adopt(pods: Iterable<Pod>): ReadonlyMap<string, RunningPod>;
  start(): void;
  /** The pod's object changed, came or went. */
  podChanged(key: string): void;
  stop(): Promise<void>;
}

/** Who serves a pod's ports: the stand-ins of the holder, or the DNS process for the cluster's DNS pods. */
export interface Serving {
  serve(pod: PodServing): Promise<readonly Listener[]>;
  unserve(uid: string): Promise<void>;
  /** What it serves now, also for an earlier process of the agents. */
  list(): Promise<readonly Pick<PodServing, 'uid' | 'pod'>[]>;
}

/** Pin's name of the namespace of a pod with this uid. */
export function podNetns(uid: string): string {
  return `pod-${uid}`;
}

/** A pod that has its address and namespace. */
export interface RunningPod {
  readonly uid: string;
  readonly address: string;
  readonly netns: string;
}

/** What the programs of a pod find in their files, such as how to resolve names. */
export interface PodSettings {
  write(pod: Pod): void;
  /** Does nothing when there are none. */
  remove(uid: string): void;
  /** Uids of the pods that have any. */
  list(): readonly string[];
}

export interface PodRunnerOptions {
  readonly node: NodePlace;
  /** Pin's name of the node's own namespace, where host-network pods live. */
  readonly nodeNetns: string;
  readonly client: Client;
  readonly pod: (key: string) => Pod | undefined;
  /** Key of the pod that has an address in the API. */
  readonly podAt: ReadonlyMap<string, string>;
  readonly endpointState: (key: string, address: string) => EndpointState;
  readonly namespaces: NetworkNamespaces;
  readonly route: RouteNetlink;
  readonly sysctl: Sysctl;
  readonly overlay: Overlay;
  readonly servingOf: (pod: Pod) => Serving;
  /** Isolates the pod and programs what that takes, before anything of it can send; undefined when it goes. */
  readonly isolate: (key: string, pod: RunningPod | undefined) => void;
  /** Makes every node forget the address, which nobody has any more, and resolves when it may be given again. */
  readonly released: (key: string, address: string) => Promise<void>;
  readonly settings: PodSettings;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * How far a pod has come. `claimed`: it has an address, and maybe a wire of an earlier process; `wired`: nobody
 * answers yet; `served`: the API does not know yet; `running`: nothing is left to do.
 */
type Stage = 'claimed' | 'wired' | 'served' | 'running';

interface Run extends RunningPod {
  readonly servedBy: Serving;
  readonly hostNetwork: boolean;
  stage: Stage;
  leaving: Leaving | undefined;
}

/** Pods are set up this many at a time: the work is synchronous but for the calls to other processes. */
const concurrency = 16;

export function createPodRunner(options: PodRunnerOptions): PodRunner {
  const { node, client, log, clock } = options;
  const runs = new Map<string, Run>();
  /** Uids of pods that could not be started and wait for the next try, by key. */
  const failed = new Map<string, string>();
  const addresses = createPodAddresses(node, (address) => options.podAt.get(address));
  const belongs = (pod: Pod | undefined): pod is Pod => pod?.spec.nodeName === node.name;

  const claim = (key: string, pod: Pod): Run => {
    const uid = pod.metadata.uid ?? '';
    const hostNetwork = pod.spec.hostNetwork === true;
    const run: Run = {
      uid,
      netns: hostNetwork ? options.nodeNetns : podNetns(uid),
      address: hostNetwork ? node.address : addresses.take(key, pod.status?.podIP),
      servedBy: options.servingOf(pod),
      hostNetwork,
      stage: 'claimed',
      leaving: undefined,
    };
    runs.set(key, run);
    return run;
  };

  const wire = (key: string, run: Run, pod: Pod): void => {
    if (!run.hostNetwork) {
      ensureNamespace(options, run.netns);
      options.isolate(key, run);
      options.overlay.addPod(run);
    }
    options.settings.write(pod);
    run.stage = 'wired';
  };

  const serve = async (key: string, run: Run, pod: Pod): Promise<void> => {
    const { uid, netns } = run;
    await run.servedBy.serve({ uid, pod: key, node: node.name, netns, listeners: listenersOf(pod) });
    run.stage = 'served';
  };

  const report = async (key: string, run: Run): Promise<void> => {
    const pod = options.pod(key);
    // It went, or was replaced, while it was being served: the next run sees to that.
    if (pod?.metadata.uid !== run.uid) return;
    const addressing = { address: run.address, nodeAddress: node.address };
    if (!isReportedAs(pod, addressing)) {
      await writeStatus(pod, runningStatus(pod, { ...addressing, now: clock.now() }));
    }
    run.stage = 'running';
  };

  const writeStatus = async (pod: Pod, status: NonNullable<Pod['status']>): Promise<void> => {
    const { namespace = 'default', name, uid } = pod.metadata;
    // The uid keeps it from a successor of the same name.
    const body = { metadata: { uid }, status };
    await client.patch(resources.pods, { namespace, name }, { subresource: 'status', body });
  };

  const bringUp = async (key: string, pod: Pod): Promise<void> => {
    const run = runs.get(key) ?? claim(key, pod);
    if (run.stage === 'claimed') wire(key, run, pod);
    if (run.stage === 'wired') await serve(key, run, pod);
    if (run.stage === 'served') await report(key, run);
  };

  const takeDown = async (key: string, run: Run): Promise<void> => {
    await unserve(run);
    options.settings.remove(run.uid);
    if (!run.hostNetwork) {
      options.isolate(key, undefined);
      options.overlay.removePod(run.uid);
      options.route.forget(run.netns);
      options.namespaces.delete(run.netns);
      await options.released(key, run.address);
      addresses.release(run.address);
    }
    runs.delete(key);
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
    // Half a wire is in the way of the next try; a wire that nobody serves yet is not.
    if (run?.stage === 'claimed') await takeDown(key, run);
    if (!isWaitingWith(pod, why)) await tryToReport(pod, why);
    return 'back-off';
  };

  const tryToReport = async (pod: Pod, why: string): Promise<void> => {
    try {
      await writeStatus(pod, waitingStatus(pod, why, clock.now()));
    } catch (thrown) {
      log.debug({ pod: pod.metadata.name, error: messageOf(thrown) }, 'pod status could not be written');
    }
  };

  const sync = async (key: string): Promise<NextRun> => {
    const pod = options.pod(key);
    const run = runs.get(key);
    if (run !== undefined && !(belongs(pod) && pod.metadata.uid === run.uid)) {
      const endpoint = options.endpointState(key, run.address);
      const { waitMs, leaving } = drain(run.leaving, { now: clock.monotonic(), endpoint });
      run.leaving = leaving;
      if (waitMs > 0) return { afterMs: waitMs };
      await takeDown(key, run);
    }
    failed.delete(key);
    if (!belongs(pod) || (pod.metadata.deletionTimestamp !== undefined && !runs.has(key))) return 'never';
    try {
      await bringUp(key, pod);
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
        if (belongs(pod) && pod.status?.podIP !== undefined) claim(key, pod);
      }
      return new Map([...runs].filter(([, run]) => !run.hostNetwork));
    },
    start() {
      for (const key of runs.keys()) queue.add(key);
      queue.start();
    },
    podChanged(key) {
      const pod = options.pod(key);
      // That it waits was written by ourselves, and must not cut the wait short.
      const isOwnEcho = failed.has(key) && failed.get(key) === pod?.metadata.uid;
      if (!isOwnEcho && (runs.has(key) || belongs(pod))) queue.add(key);
    },
    stop: () => queue.stop(),
  };
}

/** Every declared port of every container that lasts, once; SCTP has no sockets to listen with. */
export function listenersOf(pod: Pod): Listener[] {
  const listeners = new Map<string, Listener>();
  for (const { containerPort, protocol = 'TCP' } of lastingContainers(pod).flatMap(
    ({ ports }) => ports ?? [],
  )) {
    if (protocol !== 'SCTP') listeners.set(`${protocol} ${containerPort}`, { protocol, port: containerPort });
  }
  return [...listeners.values()];
}

/** A process that cannot be reached has ended, and what it served with it. */
async function unserve({ servedBy, uid }: Run): Promise<void> {
  try {
    await servedBy.unserve(uid);
  } catch (thrown) {
    if (!(thrown instanceof WeftError && thrown.code === 'rpc-unreachable')) throw thrown;
  }
}

function ensureNamespace({ namespaces, sysctl }: PodRunnerOptions, netns: string): void {
  try {
    namespaces.create(netns);
  } catch (error) {
    // An earlier process of this lab made it: the pod has been running all along.
    if (error instanceof WeftError && error.code === 'netns-exists') return;
    throw error;
  }
  sysctl.write(netns, labSysctls);
}
