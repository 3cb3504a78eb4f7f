import type { Pod } from '../api/types/core.ts';
import { resources } from '../api/resources.ts';
import type { Client } from '../client/port.ts';
import { messageOf, WeftError } from '../lib/errors.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { createWorkQueue, type NextRun } from '../lib/queue.ts';
import type { NetworkNamespaces } from '../kernel/netns/port.ts';
import type { RouteNetlink } from '../kernel/route/port.ts';
import type { Sysctl } from '../kernel/sysctl/port.ts';
import { lastingContainers } from '../model/identity/pod-facts.ts';
import { freePodAddress } from '../model/network/places.ts';
import type { NodePlace } from '../model/network/topology.ts';
import { labSysctls } from '../plan/sysctls.ts';
import type { Listener, PodServing } from '../workload/port.ts';
import type { Overlay } from './overlay.ts';
import { runningStatus, waitingStatus } from './pod-status.ts';

/** Runs a node's pods: a namespace, an address, a wire, somebody who answers, and the status that says so. */
export interface PodRunner {
  start(): void;
  /** The pod's object changed, came or went. */
  podChanged(key: string): void;
  stop(): Promise<void>;
}

/** Who serves a pod's ports: the stand-ins of the holder, or the DNS process for the cluster's DNS pods. */
export interface Serving {
  serve(pod: PodServing): Promise<readonly Listener[]>;
  unserve(uid: string): Promise<void>;
}

/** A pod that has its address and namespace. */
export interface RunningPod {
  readonly uid: string;
  readonly address: string;
  readonly netns: string;
}

export interface PodRunnerOptions {
  readonly node: NodePlace;
  /** Pin's name of the node's own namespace, where host-network pods live. */
  readonly nodeNetns: string;
  readonly client: Client;
  readonly pod: (key: string) => Pod | undefined;
  readonly namespaces: NetworkNamespaces;
  readonly route: RouteNetlink;
  readonly sysctl: Sysctl;
  readonly overlay: Overlay;
  readonly servingOf: (pod: Pod) => Serving;
  /** Isolates the pod and programs what that takes, before anything of it can send; undefined when it goes. */
  readonly isolate: (key: string, pod: RunningPod | undefined) => void;
  /** Writes what the pod's programs need to resolve names. */
  readonly writeSettings: (pod: Pod) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Pods are set up this many at a time: the work is synchronous but for the calls to other processes. */
const concurrency = 16;

export function createPodRunner(options: PodRunnerOptions): PodRunner {
  const { node, client, log } = options;
  const running = new Map<
    string,
    RunningPod & { readonly servedBy: Serving; readonly hostNetwork: boolean }
  >();
  /** Addresses in use on this node. An address stays used until the pod's wire is gone. */
  const used = new Set<string>();

  const netnsOf = (pod: Pod): string =>
    pod.spec.hostNetwork === true ? options.nodeNetns : `pod-${pod.metadata.uid ?? ''}`;

  const addressFor = (pod: Pod): string => {
    const assigned = pod.status?.podIP;
    if (assigned !== undefined && !used.has(assigned)) return assigned;
    const free = freePodAddress(node.podCidr, used);
    if (free === undefined) {
      throw new WeftError('addresses-exhausted', `node ${node.name} has no address left in ${node.podCidr}`);
    }
    return free;
  };

  const setUp = async (key: string, pod: Pod): Promise<void> => {
    const uid = pod.metadata.uid ?? '';
    const hostNetwork = pod.spec.hostNetwork === true;
    const netns = netnsOf(pod);
    const address = hostNetwork ? node.address : addressFor(pod);
    const servedBy = options.servingOf(pod);
    const wired = { uid, address, netns };
    running.set(key, { ...wired, servedBy, hostNetwork });
    if (!hostNetwork) {
      used.add(address);
      ensureNamespace(options, netns);
      options.isolate(key, wired);
      options.overlay.addPod(wired);
    }
    options.writeSettings(pod);
    await servedBy.serve({ uid, pod: key, node: node.name, netns, listeners: listenersOf(pod) });
    await client.patch(resources.pods, nameOf(pod), {
      subresource: 'status',
      body: { status: runningStatus(pod, { address, nodeAddress: node.address, now: options.clock.now() }) },
    });
  };

  const tearDown = async (key: string): Promise<void> => {
    const pod = running.get(key);
    if (pod === undefined) return;
    await pod.servedBy.unserve(pod.uid);
    if (!pod.hostNetwork) {
      options.isolate(key, undefined);
      options.overlay.removePod(pod.uid);
      options.route.forget(pod.netns);
      options.namespaces.delete(pod.netns);
      used.delete(pod.address);
    }
    running.delete(key);
  };

  const sync = async (key: string): Promise<NextRun> => {
    const pod = options.pod(key);
    const current = running.get(key);
    const belongs = pod?.spec.nodeName === node.name;
    if (current !== undefined && (!belongs || pod.metadata.uid !== current.uid)) await tearDown(key);
    if (!belongs || pod.metadata.deletionTimestamp !== undefined) return 'never';
    if (running.has(key)) return 'never';
    try {
      await setUp(key, pod);
      return 'never';
    } catch (error) {
      log.warn({ pod: key, node: node.name, error: messageOf(error) }, 'pod could not be started');
      await tearDown(key);
      await report(pod, messageOf(error));
      return 'back-off';
    }
  };

  const report = async (pod: Pod, message: string): Promise<void> => {
    try {
      await client.patch(resources.pods, nameOf(pod), {
        subresource: 'status',
        body: { status: waitingStatus(message, options.clock.now()) },
      });
    } catch (error) {
      log.debug({ error: messageOf(error) }, 'pod status could not be written');
    }
  };

  const queue = createWorkQueue({
    clock: options.clock,
    concurrency,
    handler: (key) => sync(key),
    onThrow: (key, thrown) => log.error({ pod: key, error: messageOf(thrown) }, 'pod runner failed'),
  });

  return {
    start: () => queue.start(),
    podChanged: (key) => {
      const pod = options.pod(key);
      if (running.has(key) || pod?.spec.nodeName === node.name) queue.add(key);
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

function nameOf(pod: Pod): { namespace: string; name: string } {
  return { namespace: pod.metadata.namespace ?? 'default', name: pod.metadata.name };
}
