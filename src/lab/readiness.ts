import { keyOf, loadBalancerResources, policyResources, resources } from '../api/resources.ts';
import { matchesSelector } from '../api/selector.ts';
import type { KubernetesObject } from '../api/types/meta.ts';
import type { Pod, Service } from '../api/types/core.ts';
import type { EndpointSlice, NetworkPolicy } from '../api/types/network.ts';
import type { Client, Informer } from '../client/port.ts';
import type { Clock } from '../lib/clock.ts';
import { WeftError } from '../lib/errors.ts';
import { wantsAddresses } from '../model/load-balancer/request.ts';
import { addressesGivenTo, pendingCondition } from '../model/load-balancer/status.ts';

/** Something that is not ready yet, and why, for people. */
export interface Unready {
  readonly kind: string;
  readonly key: string;
  readonly why: string;
  /** The last that was told about it, where that was read. */
  readonly event?: UnreadyEvent;
}

/** Of an Event. */
export interface UnreadyEvent {
  readonly reason: string;
  readonly message: string;
  readonly count: number;
  /** RFC 3339. */
  readonly lastTimestamp: string;
}

interface Watched {
  readonly nodes: Informer<KubernetesObject>;
  readonly pods: Informer<Pod>;
  readonly services: Informer<Service>;
  readonly endpointslices: Informer<EndpointSlice>;
  readonly deployments: Informer<KubernetesObject>;
  readonly statefulsets: Informer<KubernetesObject>;
  readonly daemonsets: Informer<KubernetesObject>;
  readonly replicasets: Informer<KubernetesObject>;
  readonly networkpolicies: Informer<NetworkPolicy>;
  readonly clusternetworkpolicies: Informer<KubernetesObject>;
  readonly adminnetworkpolicies: Informer<KubernetesObject>;
  readonly baselineadminnetworkpolicies: Informer<KubernetesObject>;
  readonly ipaddresspools: Informer<KubernetesObject>;
}

/** What agents must have seen before a change counts as programmed. */
const programmedKinds = [
  'services',
  'endpointslices',
  'pods',
  'nodes',
  'networkpolicies',
  'clusternetworkpolicies',
  'adminnetworkpolicies',
  'baselineadminnetworkpolicies',
] as const;

/** Follows a lab's objects until everything is ready; open it early, for its first lists take a round trip. */
export interface ReadinessWatch {
  /** What is not ready now. */
  unready(): Promise<Unready[]>;
  /** Resolves when everything is ready; rejects with `not-ready` naming what is not. */
  wait(timeoutMs: number): Promise<void>;
  /** The newest resourceVersion of any object, by plural name of its resource. */
  versions(): Record<string, string>;
  /** NetworkPolicies that these resourceVersions are not up to. */
  policiesAfter(versions: Readonly<Record<string, string>>): readonly NetworkPolicy[];
  /** How many there are of what people wait for, in words. */
  summary(): string;
}

export function watchReadiness(client: Client, clock: Clock): ReadinessWatch {
  const watched: Watched = {
    nodes: client.informer(resources.nodes),
    pods: client.informer(resources.pods),
    services: client.informer(resources.services),
    endpointslices: client.informer(resources.endpointslices),
    deployments: client.informer(resources.deployments),
    statefulsets: client.informer(resources.statefulsets),
    daemonsets: client.informer(resources.daemonsets),
    replicasets: client.informer(resources.replicasets),
    networkpolicies: client.informer(resources.networkpolicies),
    clusternetworkpolicies: client.informer(policyResources.clusternetworkpolicies),
    adminnetworkpolicies: client.informer(policyResources.adminnetworkpolicies),
    baselineadminnetworkpolicies: client.informer(policyResources.baselineadminnetworkpolicies),
    ipaddresspools: client.informer(loadBalancerResources.ipaddresspools),
  };
  const informers: readonly Informer<KubernetesObject>[] = Object.values(watched);
  const synced = Promise.all(informers.map((informer) => informer.synced));

  return {
    async unready() {
      await synced;
      return [...unreadyOf(watched)];
    },
    async wait(timeoutMs) {
      await synced;
      await new Promise<void>((resolve, reject) => {
        let state: 'idle' | 'scheduled' | 'done' = 'idle';
        const check = (): void => {
          if (state === 'done') return;
          // The first suffices: most turns end at one of the first objects.
          state = unreadyOf(watched).next().done === true ? 'done' : 'idle';
          if (state === 'done') finish(resolve);
        };
        // Once per turn of the event loop, however many changes it brought.
        const schedule = (): void => {
          if (state !== 'idle') return;
          state = 'scheduled';
          setImmediate(check);
        };
        const ends = informers.map((informer) => informer.onChange(schedule));
        const finish = (settle: () => void): void => {
          cancel();
          for (const end of ends) end();
          settle();
        };
        const cancel = clock.after(timeoutMs, () => {
          finish(() => reject(notReady([...unreadyOf(watched)], timeoutMs)));
        });
        schedule();
      });
    },
    versions: () => Object.fromEntries(programmedKinds.map((plural) => [plural, newestOf(watched[plural])])),
    policiesAfter: ({ networkpolicies = '0' }) =>
      [...watched.networkpolicies.values()].filter(
        ({ metadata }) => BigInt(metadata.resourceVersion ?? '0') > BigInt(networkpolicies),
      ),
    summary: () =>
      `${watched.pods.size} pods, ${watched.services.size} Services, ${watched.networkpolicies.size} NetworkPolicies`,
  };
}

/** Of the objects, not of the list: another watch may never hear of a version that no object of the kind has. */
function newestOf(informer: Informer<KubernetesObject>): string {
  let newest = 0n;
  for (const { metadata } of informer.values()) {
    const version = BigInt(metadata.resourceVersion ?? '0');
    if (version > newest) newest = version;
  }
  return String(newest);
}

/** `not-ready`, naming what is not ready and why. */
export function notReady(unready: readonly Unready[], timeoutMs: number): WeftError {
  const shown = unready.slice(0, 10).map(formatUnready);
  const more = unready.length > shown.length ? [`and ${unready.length - shown.length} more`] : [];
  return new WeftError('not-ready', ['not ready in time:', ...shown, ...more].join('\n  '), {
    hint: `waited ${timeoutMs / 1000} s; see weft status and weft logs`,
  });
}

/** `Pod shop/web-0: not started (FailedScheduling: no node has room, 3 times)` */
function formatUnready({ kind, key, why, event }: Unready): string {
  const count = event === undefined || event.count < 2 ? '' : `, ${event.count} times`;
  return `${kind} ${key}: ${why}${event === undefined ? '' : ` (${event.reason}: ${event.message}${count})`}`;
}

/** Found only as far as asked for. */
function* unreadyOf(watched: Watched): Generator<Unready> {
  yield* unreadyObjects('Node', watched.nodes.values());
  for (const object of workloads(watched)) yield* unreadyWorkload(object);
  yield* unreadyObjects('Pod', watched.pods.values());
  yield* unreadyServices(watched);
  yield* unaddressedServices(watched);
}

function* unreadyObjects(kind: string, objects: Iterable<KubernetesObject>): Generator<Unready> {
  for (const object of objects) {
    if (!isReady(object)) yield { kind, key: keyOf(object), why: reasonOf(object) };
  }
}

function workloads(watched: Watched): KubernetesObject[] {
  const { deployments, statefulsets, daemonsets, replicasets } = watched;
  return [deployments, statefulsets, daemonsets, replicasets].flatMap((informer) => [...informer.values()]);
}

/** A status is only worth something when it is about the present spec. */
function unreadyWorkload(object: KubernetesObject): Unready[] {
  const { spec = {}, status = {} } = object as { spec?: Counts; status?: Counts };
  const key = keyOf(object);
  if ((status.observedGeneration ?? 0) < (object.metadata.generation ?? 0)) {
    return [{ kind: object.kind, key, why: 'not observed yet' }];
  }
  const wanted = spec.replicas ?? status.desiredNumberScheduled ?? 0;
  const ready = status.readyReplicas ?? status.numberReady ?? 0;
  return ready >= wanted ? [] : [{ kind: object.kind, key, why: `${ready} of ${wanted} ready` }];
}

interface Counts {
  readonly replicas?: number;
  readonly desiredNumberScheduled?: number;
  readonly readyReplicas?: number;
  readonly numberReady?: number;
  readonly observedGeneration?: number;
}

/** Load balancers about whose addresses nobody has decided yet. Who is told why there is none needs no waiting for. */
function* unaddressedServices({ services, ipaddresspools }: Watched): Generator<Unready> {
  if (ipaddresspools.size === 0) return;
  for (const service of services.values()) {
    const isDecided = addressesGivenTo(service).length > 0 || pendingCondition(service) !== undefined;
    if (wantsAddresses(service) && !isDecided)
      yield { kind: 'Service', key: keyOf(service), why: 'it has no address of a load balancer yet' };
  }
}

/** Services whose EndpointSlices do not yet name all ready pods that the selector finds. */
function* unreadyServices({ services, endpointslices, pods }: Watched): Generator<Unready> {
  const endpoints = endpointsByService(endpointslices.values());
  const labelled = podsByLabel(pods.values());
  for (const service of services.values()) {
    const selector = service.spec.selector ?? {};
    const [first] = Object.entries(selector);
    if (first === undefined || service.spec.type === 'ExternalName') continue;
    const key = keyOf(service);
    const known = endpoints.get(key);
    const candidates = labelled.get(labelId(service.metadata.namespace, first)) ?? [];
    const missing = candidates.some(
      ({ metadata }) =>
        matchesSelector({ matchLabels: selector }, metadata.labels ?? {}) &&
        known?.has(metadata.uid ?? '') !== true,
    );
    if (missing) yield { kind: 'Service', key, why: 'its EndpointSlices are behind its pods' };
  }
}

/** Uids of the pods that the slices of a Service name, by the Service's key. */
function endpointsByService(slices: Iterable<EndpointSlice>): Map<string, Set<string>> {
  const endpoints = new Map<string, Set<string>>();
  for (const slice of slices) {
    const service = `${slice.metadata.namespace ?? ''}/${slice.metadata.labels?.['kubernetes.io/service-name'] ?? ''}`;
    const uids = endpoints.get(service) ?? new Set<string>();
    for (const { targetRef } of slice.endpoints) if (targetRef?.uid !== undefined) uids.add(targetRef.uid);
    endpoints.set(service, uids);
  }
  return endpoints;
}

/** Every pod by each of its labels: thousands of Services then need not look at thousands of pods each. */
function podsByLabel(pods: Iterable<Pod>): Map<string, Pod[]> {
  const labelled = new Map<string, Pod[]>();
  for (const pod of pods) {
    for (const label of Object.entries(pod.metadata.labels ?? {})) {
      const id = labelId(pod.metadata.namespace, label);
      const group = labelled.get(id);
      if (group === undefined) labelled.set(id, [pod]);
      else group.push(pod);
    }
  }
  return labelled;
}

function labelId(namespace: string | undefined, [name, value]: readonly [string, string]): string {
  return `${namespace ?? ''} ${name}=${value}`;
}

interface WithConditions {
  readonly status?: {
    readonly conditions?: readonly { type: string; status: string; message?: string; reason?: string }[];
  };
}

function isReady(object: KubernetesObject): boolean {
  return (
    (object as WithConditions).status?.conditions?.some(
      ({ type, status }) => type === 'Ready' && status === 'True',
    ) ?? false
  );
}

function reasonOf(object: KubernetesObject): string {
  const condition = (object as WithConditions).status?.conditions?.find(({ status }) => status !== 'True');
  return condition?.message ?? condition?.reason ?? 'not started';
}
