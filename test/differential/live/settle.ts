import { setTimeout as sleep } from 'node:timers/promises';
import {
  apiVersionOf,
  keyOf,
  policyResources,
  resources,
  type Resource,
} from '../../../src/api/resources.ts';
import type { KubernetesObject } from '../../../src/api/types/meta.ts';
import type { ObjectName } from '../../../src/client/port.ts';
import { readCluster } from '../../../src/lab/cluster-of.ts';
import type { Cluster } from '../../../src/model/cluster.ts';
import type { TestLab } from '../../support/lab.ts';
import { selects } from '../evaluator/selector.ts';

const settleTimeoutMs = 20_000;

/**
 * Makes the lab hold exactly these objects, and waits until nothing of what it held before is left anywhere: neither
 * in the API nor in a kernel. Returns the cluster that it is then.
 */
export async function settle(lab: TestLab, objects: readonly KubernetesObject[]): Promise<Cluster> {
  const [, baseline] = baselineMarker;
  // There is one only: where none is asked for, the marker takes its place.
  await lab.apply(objects.some(({ kind }) => kind === baseline.kind) ? objects : [...objects, baseline]);
  const { client } = lab.connection;
  for (const deadline = performance.now() + settleTimeoutMs; ;) {
    const cluster = await readCluster(client);
    const why = unsettled(cluster, objects) ?? lingering(lab, cluster);
    if (why === undefined) break;
    if (performance.now() > deadline) throw new Error(`not settled in time: ${why}`);
    await sleep(5);
  }
  await everythingIsProgrammed(lab);
  return readCluster(client);
}

/** Why the API does not yet hold what was asked for, and nothing more. */
function unsettled(cluster: Cluster, objects: readonly KubernetesObject[]): string | undefined {
  const wanted = new Set(objects.map((object) => `${object.kind} ${keyOf(object)}`));
  const there = [
    ...[...cluster.namespaces.keys()].map((key) => `Namespace ${key}`),
    ...[...cluster.pods.keys()].map((key) => `Pod ${key}`),
  ];
  const leftover = there.find((name) => name.includes(' ns-') && !wanted.has(name));
  if (leftover !== undefined) return `${leftover} is still there`;
  const namespace = [...cluster.namespaces.values()].find(
    ({ metadata }) => metadata.deletionTimestamp !== undefined,
  );
  if (namespace !== undefined) return `Namespace ${namespace.metadata.name} is on its way out`;
  for (const key of cluster.services.keys()) {
    if (!hasItsEndpoints(cluster, key)) return `the EndpointSlices of ${key} are behind its pods`;
  }
  return undefined;
}

/** A pod that is gone from the API still answers for a moment, and a Service may name its address by now. */
function lingering(lab: TestLab, { pods }: Cluster): string | undefined {
  const known = new Set([...pods.values()].map(({ metadata }) => `pod-${metadata.uid ?? ''}`));
  const pin = lab.namespaces.list().find((name) => name.startsWith('pod-') && !known.has(name));
  return pin === undefined ? undefined : `the namespace ${pin} is still there`;
}

function hasItsEndpoints({ services, pods, endpointSlices }: Cluster, key: string): boolean {
  const service = services.get(key);
  if (service?.spec.selector === undefined) return true;
  const { namespace, name } = service.metadata;
  const selector = { matchLabels: service.spec.selector };
  const selected = [...pods.values()]
    .filter(({ metadata }) => metadata.namespace === namespace && selects(selector, metadata.labels ?? {}))
    .map(({ metadata }) => metadata.uid);
  const told = [...endpointSlices.values()]
    .filter(
      ({ metadata }) =>
        metadata.namespace === namespace && metadata.labels?.['kubernetes.io/service-name'] === name,
    )
    .flatMap(({ endpoints }) => endpoints.map(({ targetRef }) => targetRef?.uid));
  return new Set(selected).symmetricDifference(new Set(told)).size === 0;
}

/** An object of each kind that lasts as long as the lab, to be touched. */
const markers: readonly (readonly [Resource, ObjectName])[] = [
  [resources.namespaces, { name: 'default' }],
  [resources.services, { namespace: 'default', name: 'kubernetes' }],
  [resources.endpointslices, { namespace: 'default', name: 'kubernetes' }],
];

/** Policies to be touched, which select nobody. */
const nobody = { matchLabels: { 'weft.dev/marker': 'nobody' } };
const subject = { pods: { podSelector: nobody } };
const baselineMarker = markerOf(
  policyResources.baselineadminnetworkpolicies,
  { name: 'default' },
  { subject },
);
const policyMarkers: readonly (readonly [Resource, KubernetesObject])[] = [
  markerOf(resources.networkpolicies, { namespace: 'default', name: 'marker' }, { podSelector: nobody }),
  markerOf(
    policyResources.clusternetworkpolicies,
    { name: 'marker' },
    { tier: 'Baseline', priority: 1000, subject },
  ),
  markerOf(policyResources.adminnetworkpolicies, { name: 'marker' }, { priority: 1000, subject }),
  baselineMarker,
];

function markerOf(
  resource: Resource,
  metadata: ObjectName,
  spec: object,
): readonly [Resource, KubernetesObject] {
  const object = { apiVersion: apiVersionOf(resource), kind: resource.kind, metadata, spec };
  return [resource, object];
}

/**
 * An informer hears of the changes of one kind in their order: when it has heard of a change made now it has heard
 * of all deletions before, which leave no version behind to wait for.
 */
async function everythingIsProgrammed({ connection }: TestLab): Promise<void> {
  const { client } = connection;
  for (const [resource, object] of policyMarkers) {
    if ((await client.get(resource, object.metadata)) === undefined) await client.create(resource, object);
  }
  const dnsPods = await client.list(resources.pods, { namespace: 'kube-system' });
  const pods = dnsPods.items.map(
    ({ metadata: { name } }) => [resources.pods, { namespace: 'kube-system', name }] as const,
  );
  const body = { metadata: { annotations: { 'weft.dev/touched': String(performance.now()) } } };
  const touched = await Promise.all(
    [
      ...markers,
      ...policyMarkers.map(([resource, { metadata }]) => [resource, metadata] as const),
      ...pods,
    ].map(async ([resource, name]) => {
      const { metadata } = await client.patch(resource, name, { body });
      return [resource.plural, metadata.resourceVersion ?? '0'] as const;
    }),
  );
  await connection.programmed(Object.fromEntries(touched));
}
