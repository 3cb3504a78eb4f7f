import { resources } from '../api/resources.ts';
import type { Endpoints, Service } from '../api/types/core.ts';
import { apiCode } from '../client/errors.ts';
import { sameJson } from '../lib/same-json.ts';
import { managedByLabel, managedByUs } from '../model/workloads/endpoint-slices.ts';
import { endpointsOf } from '../model/workloads/endpoints-mirror.ts';
import { done, type Outcome } from '../reconcile/outcome.ts';
import { serviceKeyOf } from './cluster-cache.ts';
import { controllerOf, reconcilerFor, type Controller, type ControllerContext } from './controller.ts';
import { nameOf } from './pod-writes.ts';

/** Only people and old tools read Endpoints: changes that come within this time become one write. */
const gatherMs = 20;

/** Mirrors the EndpointSlices of Services with a selector into core/v1 Endpoints of the same name. */
export function createEndpointsController(context: ControllerContext): Controller {
  const { cache, client } = context;

  async function reconcile(key: string): Promise<Outcome> {
    const service = cache.services.get(key);
    // What a Service without selector has was written by somebody else; what a deleted one had is collected.
    if (service === undefined || !hasSelector(service)) return done;
    const slices = cache.slicesByService
      .get(key)
      .filter(({ metadata }) => metadata.labels?.[managedByLabel] === managedByUs);
    const wanted = endpointsOf(service, slices);
    const current = cache.endpoints.get(key);
    if (current === undefined) await create(wanted);
    else if (!sameContent(current, wanted)) {
      const { labels } = wanted.metadata;
      const body = { subsets: wanted.subsets, ...(labels === undefined ? {} : { metadata: { labels } }) };
      await client.patch(resources.endpoints, nameOf(wanted), { body });
    }
    return done;
  }

  async function create(wanted: Endpoints): Promise<void> {
    try {
      await client.create(resources.endpoints, wanted);
    } catch (thrown) {
      // Ours, a moment ago: the next change of a slice updates it.
      if (apiCode(thrown) !== 'api-already-exists') throw thrown;
      reconciler.enqueueAfter(`${wanted.metadata.namespace}/${wanted.metadata.name}`, gatherMs);
    }
  }

  const reconciler = reconcilerFor(context, 'endpoints', reconcile);
  const touch = (key: string | undefined): void => {
    if (key !== undefined) reconciler.enqueueAfter(key, gatherMs);
  };
  return controllerOf('endpoints', [reconciler], () => [
    cache.services.onChange(({ key }) => touch(key)),
    cache.endpoints.onChange(({ key }) => touch(key)),
    cache.endpointSlices.onChange(({ previous, current }) => {
      const slice = current ?? previous;
      if (slice !== undefined) touch(serviceKeyOf(slice));
    }),
  ]);
}

function hasSelector({ spec }: Service): boolean {
  return spec.type !== 'ExternalName' && Object.keys(spec.selector ?? {}).length > 0;
}

function sameContent(current: Endpoints, wanted: Endpoints): boolean {
  const labels = { ...current.metadata.labels, ...wanted.metadata.labels };
  return (
    sameJson(current.subsets ?? [], wanted.subsets ?? []) && sameJson(current.metadata.labels ?? {}, labels)
  );
}
