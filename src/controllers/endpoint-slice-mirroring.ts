import { resources } from '../api/resources.ts';
import type { EndpointSlice } from '../api/types/network.ts';
import { sameJson } from '../lib/same-json.ts';
import { managedByLabel } from '../model/workloads/endpoint-slices.ts';
import { mirroredByUs, mirroredSlicesOf } from '../model/workloads/mirrored-slices.ts';
import { done, type Outcome } from '../reconcile/outcome.ts';
import { serviceKeyOf } from './cluster-cache.ts';
import { controllerOf, reconcilerFor, type Controller, type ControllerContext } from './controller.ts';
import { exactly, nameOf } from './pod-writes.ts';

/** Mirrors the Endpoints that people write for Services without selector into EndpointSlices. */
export function createEndpointSliceMirroringController(context: ControllerContext): Controller {
  const { cache, client } = context;

  async function reconcile(key: string): Promise<Outcome> {
    const existing = cache.slicesByService.get(key).filter(isMirror);
    const wanted = mirroredSlicesOf(cache.services.get(key), cache.endpoints.get(key));
    const before = new Map(existing.map((slice) => [slice.metadata.name, slice]));
    for (const slice of wanted) await write(slice, before.get(slice.metadata.name));
    const names = new Set(wanted.map(({ metadata }) => metadata.name));
    for (const slice of existing) {
      if (names.has(slice.metadata.name)) continue;
      await client.delete(resources.endpointslices, nameOf(slice), exactly(slice));
      await cache.seen.endpointSlices.deleted(slice);
    }
    return done;
  }

  async function write(wanted: EndpointSlice, current: EndpointSlice | undefined): Promise<void> {
    if (current !== undefined && sameMirror(current, wanted)) return;
    const written =
      current === undefined
        ? await client.create(resources.endpointslices, wanted)
        : await client.update(resources.endpointslices, {
            ...wanted,
            metadata: { ...current.metadata, ...wanted.metadata },
          });
    await cache.seen.endpointSlices.written(written);
  }

  const reconciler = reconcilerFor(context, 'endpointslice-mirroring', reconcile);
  return controllerOf('endpointslice-mirroring', [reconciler], () => [
    cache.services.onChange(({ key, previous, current }) => {
      if (previous === undefined || current === undefined || !sameJson(previous.spec, current.spec))
        reconciler.enqueue(key);
    }),
    cache.endpoints.onChange(({ key }) => reconciler.enqueue(key)),
    cache.endpointSlices.onChange(({ previous, current }) => {
      const slice = current ?? previous;
      const key = slice !== undefined && isMirror(slice) ? serviceKeyOf(slice) : undefined;
      if (key !== undefined) reconciler.enqueue(key);
    }),
  ]);
}

function isMirror({ metadata }: EndpointSlice): boolean {
  return metadata.labels?.[managedByLabel] === mirroredByUs;
}

function sameMirror(current: EndpointSlice, wanted: EndpointSlice): boolean {
  return (
    sameJson(current.endpoints, wanted.endpoints) &&
    sameJson(current.ports ?? [], wanted.ports ?? []) &&
    sameJson(current.metadata.labels, wanted.metadata.labels) &&
    sameJson(current.metadata.annotations ?? {}, wanted.metadata.annotations ?? {})
  );
}
