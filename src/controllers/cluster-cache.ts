import { resources } from '../api/resources.ts';
import type { DaemonSet, Deployment, Job, ReplicaSet, StatefulSet } from '../api/types/apps.ts';
import type { Endpoints, Namespace, Node, Pod, Service } from '../api/types/core.ts';
import type { KubernetesObject, Labels } from '../api/types/meta.ts';
import type { EndpointSlice } from '../api/types/network.ts';
import type { Client, Informer } from '../client/port.ts';
import type { Clock } from '../lib/clock.ts';
import { serviceNameLabel } from '../model/workloads/endpoint-slices.ts';
import { controllerOf } from '../model/workloads/owner.ts';
import { createEcho, type Echo } from './echo.ts';
import { indexOf, type Index } from './index-of.ts';

/** What the controllers know of the cluster: informers they share, and the indexes that save them from listing. */
export interface ClusterCache {
  readonly namespaces: Informer<Namespace>;
  readonly nodes: Informer<Node>;
  readonly pods: Informer<Pod>;
  readonly services: Informer<Service>;
  readonly endpoints: Informer<Endpoints>;
  readonly endpointSlices: Informer<EndpointSlice>;
  readonly deployments: Informer<Deployment>;
  readonly replicaSets: Informer<ReplicaSet>;
  readonly statefulSets: Informer<StatefulSet>;
  readonly daemonSets: Informer<DaemonSet>;
  readonly jobs: Informer<Job>;
  /** Pods by the uid of their controller. */
  readonly podsByOwner: Index<Pod>;
  /** Pods by `labelValue`, one for each of their labels. */
  readonly podsByLabel: Index<Pod>;
  /** ReplicaSets by the uid of their Deployment. */
  readonly setsByOwner: Index<ReplicaSet>;
  /** Services by `labelValue` of the first label of their selector. */
  readonly servicesBySelector: Index<Service>;
  /** EndpointSlices by `namespace/name` of their Service. */
  readonly slicesByService: Index<EndpointSlice>;
  readonly seen: { readonly pods: Echo; readonly replicaSets: Echo; readonly endpointSlices: Echo };
  /** Resolves when every informer holds its first list. */
  readonly synced: Promise<unknown>;
  end(): void;
}

/** A label of a namespace's objects, as one word of an index. */
export function labelValue(namespace: string | undefined, label: string, value: string): string {
  return `${namespace ?? ''} ${label}=${value}`;
}

/** The words for all labels of an object. */
export function labelValuesOf({ metadata: { namespace, labels } }: KubernetesObject): string[] {
  return Object.entries(labels ?? {}).map(([label, value]) => labelValue(namespace, label, value));
}

/** Under which word a selector is found: any pod it selects has it among its own. */
export function selectorValue(
  namespace: string | undefined,
  selector: Labels | undefined,
): string | undefined {
  const [first] = Object.entries(selector ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return first === undefined ? undefined : labelValue(namespace, ...first);
}

export function createClusterCache(client: Client, clock: Clock): ClusterCache {
  const informers = {
    namespaces: client.informer(resources.namespaces),
    nodes: client.informer(resources.nodes),
    pods: client.informer(resources.pods),
    services: client.informer(resources.services),
    endpoints: client.informer(resources.endpoints),
    endpointSlices: client.informer(resources.endpointslices),
    deployments: client.informer(resources.deployments),
    replicaSets: client.informer(resources.replicasets),
    statefulSets: client.informer(resources.statefulsets),
    daemonSets: client.informer(resources.daemonsets),
    jobs: client.informer(resources.jobs),
  };
  const { pods, replicaSets, services, endpointSlices } = informers;
  const indexes = {
    podsByOwner: indexOf(pods, ownerUid),
    podsByLabel: indexOf(pods, labelValuesOf),
    setsByOwner: indexOf(replicaSets, ownerUid),
    servicesBySelector: indexOf(services, ({ metadata, spec }) =>
      oneOrNone(selectorValue(metadata.namespace, spec.selector)),
    ),
    slicesByService: indexOf(endpointSlices, (slice) => oneOrNone(serviceKeyOf(slice))),
  };
  const seen = {
    pods: createEcho(pods, clock),
    replicaSets: createEcho(replicaSets, clock),
    endpointSlices: createEcho(endpointSlices, clock),
  };
  return {
    ...informers,
    ...indexes,
    seen,
    synced: Promise.all(Object.values(informers).map((informer) => informer.synced)),
    end() {
      for (const part of [...Object.values(indexes), ...Object.values(seen)]) part.end();
    },
  };
}

/** `namespace/name` of the Service that a slice is of; undefined when it does not say. */
export function serviceKeyOf({ metadata }: EndpointSlice): string | undefined {
  const service = metadata.labels?.[serviceNameLabel];
  return service === undefined ? undefined : `${metadata.namespace ?? ''}/${service}`;
}

function ownerUid(object: KubernetesObject): string[] {
  return oneOrNone(controllerOf(object)?.uid);
}

function oneOrNone(value: string | undefined): string[] {
  return value === undefined ? [] : [value];
}
