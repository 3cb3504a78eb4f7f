import { keyOf, resources } from '../api/resources.ts';
import type { Node, Pod, Service } from '../api/types/core.ts';
import type { EndpointSlice } from '../api/types/network.ts';
import type { Change } from '../client/port.ts';
import { sameJson } from '../lib/same-json.ts';
import { zoneLabel } from '../model/network/places.ts';
import {
  endpointSlicesOf,
  managedByLabel,
  managedByUs,
  selectsPod,
} from '../model/workloads/endpoint-slices.ts';
import { done, type Outcome } from '../reconcile/outcome.ts';
import { forEachBounded } from './bounded.ts';
import { labelValuesOf, selectorValue, serviceKeyOf } from './cluster-cache.ts';
import { controllerOf, reconcilerFor, type Controller, type ControllerContext } from './controller.ts';
import { exactly, nameOf } from './pod-writes.ts';
import { enqueueChanges } from './status.ts';

/** Keeps the EndpointSlices of every Service with a selector. */
export function createEndpointSliceController(context: ControllerContext): Controller {
  const { cache } = context;

  async function reconcile(key: string): Promise<Outcome> {
    const service = cache.services.get(key);
    const existing = cache.slicesByService.get(key).filter(isOurs);
    const wanted =
      service === undefined ? [] : endpointSlicesOf(service, candidatesOf(service), { existing, zoneOf });
    await writeSlices(context, existing, wanted);
    return done;
  }

  const zoneOf = (node: string): string | undefined => cache.nodes.get(node)?.metadata.labels?.[zoneLabel];

  /** Endpoints have their node's zone. */
  function nodeChanged({ previous, current }: Change<Node>): void {
    const zones = [previous, current].map((node) => node?.metadata.labels?.[zoneLabel]);
    if (zones[0] === zones[1]) return;
    for (const service of cache.services.values()) reconciler.enqueue(keyOf(service));
  }

  function candidatesOf({ metadata, spec }: Service): readonly Pod[] {
    const value = selectorValue(metadata.namespace, spec.selector);
    return value === undefined ? [] : cache.podsByLabel.get(value);
  }

  function servicesOf(pod: Pod | undefined): Service[] {
    if (pod === undefined) return [];
    return labelValuesOf(pod)
      .flatMap((value) => cache.servicesBySelector.get(value))
      .filter((service) => selectsPod(service, pod));
  }

  function podChanged({ previous, current }: Change<Pod>): void {
    if (sameEndpoint(previous, current)) return;
    for (const service of new Set([...servicesOf(previous), ...servicesOf(current)])) {
      reconciler.enqueue(keyOf(service));
    }
  }

  /** Somebody else's hand on our slices, or an orphan from before we ran; our own writes find nothing to do. */
  function sliceChanged({ previous, current }: Change<EndpointSlice>): void {
    for (const slice of [previous, current]) {
      if (slice === undefined || !isOurs(slice)) continue;
      const key = serviceKeyOf(slice);
      if (key !== undefined) reconciler.enqueue(key);
    }
  }

  const reconciler = reconcilerFor(context, 'endpointslice', reconcile);
  return controllerOf('endpointslice', [reconciler], () => [
    enqueueChanges(cache.services, (key) => reconciler.enqueue(key)),
    cache.pods.onChange(podChanged),
    cache.nodes.onChange(nodeChanged),
    cache.endpointSlices.onChange(sliceChanged),
  ]);
}

/** New and changed slices first, so that an endpoint that moves is never in none. */
async function writeSlices(
  { client, cache }: ControllerContext,
  existing: readonly EndpointSlice[],
  wanted: readonly EndpointSlice[],
): Promise<void> {
  const before = new Map(existing.map((slice) => [slice.metadata.name, slice]));
  const changed = wanted.filter((slice) => before.get(slice.metadata.name) !== slice);
  const names = new Set(wanted.map(({ metadata }) => metadata.name));
  await forEachBounded(changed, async (slice) => {
    const isNew = !before.has(slice.metadata.name);
    const written = isNew
      ? await client.create(resources.endpointslices, slice)
      : await client.update(resources.endpointslices, slice);
    await cache.seen.endpointSlices.written(written);
  });
  await forEachBounded(
    existing.filter(({ metadata }) => !names.has(metadata.name)),
    async (slice) => {
      await client.delete(resources.endpointslices, nameOf(slice), exactly(slice));
      await cache.seen.endpointSlices.deleted(slice);
    },
  );
}

function isOurs({ metadata }: EndpointSlice): boolean {
  return metadata.labels?.[managedByLabel] === managedByUs;
}

/** Whether a pod's change cannot change any slice: most status updates say nothing new about its endpoint. */
function sameEndpoint(previous: Pod | undefined, current: Pod | undefined): boolean {
  if (previous === undefined || current === undefined) return false;
  if (previous.spec !== current.spec && !sameJson(previous.spec, current.spec)) return false;
  return sameJson(endpointFacts(previous), endpointFacts(current));
}

function endpointFacts({ metadata, status }: Pod): unknown {
  return [
    metadata.uid,
    metadata.labels,
    metadata.deletionTimestamp,
    status?.phase === 'Succeeded' || status?.phase === 'Failed',
    status?.podIP,
    status?.podIPs,
    status?.hostIP,
    status?.hostIPs,
    status?.conditions?.find(({ type }) => type === 'Ready')?.status,
  ];
}
