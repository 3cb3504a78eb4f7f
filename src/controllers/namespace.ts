import { resources } from '../api/resources.ts';
import { storedResources } from '../api/served.ts';
import type { Namespace, ServiceAccount } from '../api/types/core.ts';
import { apiCode } from '../client/errors.ts';
import { done, type Outcome } from '../reconcile/outcome.ts';
import { forEachBounded } from './bounded.ts';
import { customResourcesOf } from './custom-resources.ts';
import { controllerOf, reconcilerFor, type Controller, type ControllerContext } from './controller.ts';
import { nameOf } from './pod-writes.ts';
import { enqueueChanges } from './status.ts';

/** Namespaces that every cluster has. */
const defaultNamespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** Also of the kinds that no controller watches. */
const namespacedResources = storedResources.filter(({ namespaced }) => namespaced);

/** How soon a namespace whose contents wait for somebody's finalizer is looked at again. */
const againMs = 200;

/**
 * Makes the default namespaces and the ServiceAccount `default` of each namespace, and empties namespaces that
 * are being deleted: only then does the API server let them go.
 */
export function createNamespaceController(context: ControllerContext): Controller {
  const { cache, client } = context;
  const accounts = client.informer(resources.serviceaccounts);

  async function reconcile(key: string): Promise<Outcome> {
    const namespace = cache.namespaces.get(key);
    if (namespace === undefined) return ensureDefault(key);
    if (namespace.metadata.deletionTimestamp === undefined) return ensureAccount(key);
    return finalize(namespace);
  }

  async function ensureDefault(name: string): Promise<Outcome> {
    if (!defaultNamespaces.includes(name)) return done;
    await client
      .create(resources.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
      .catch(ignore('api-already-exists'));
    return done;
  }

  async function ensureAccount(namespace: string): Promise<Outcome> {
    await accounts.synced;
    if (accounts.get(`${namespace}/default`) !== undefined) return done;
    const account: ServiceAccount = {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'default', namespace },
    };
    await client
      .create(resources.serviceaccounts, account)
      .catch(ignore('api-already-exists', 'api-not-found'));
    return done;
  }

  async function finalize({ metadata: { name } }: Namespace): Promise<Outcome> {
    // Empty only when a second look finds nothing: an object may wait for its finalizers, or be just made.
    const left = (await empty(name)) > 0 ? await empty(name) : 0;
    if (left > 0) return { kind: 'wait', afterMs: againMs };
    await client.finalizeNamespace(name).catch(ignore('api-not-found'));
    return done;
  }

  /** Deletes everything in the namespace; resolves with how much there was. */
  async function empty(namespace: string): Promise<number> {
    let found = 0;
    const { items: definitions } = await client.list(resources.customresourcedefinitions);
    // Versions are of the same objects.
    const custom = definitions.flatMap((definition) => customResourcesOf(definition).slice(0, 1));
    const all = [...namespacedResources, ...custom.filter(({ namespaced }) => namespaced)];
    await forEachBounded(all, async (resource) => {
      const { items } = await client.list(resource, { namespace });
      found += items.length;
      await forEachBounded(items, (item) => client.delete(resource, nameOf(item)));
    });
    return found;
  }

  const reconciler = reconcilerFor(context, 'namespace', reconcile);
  return controllerOf('namespace', [reconciler], () => {
    for (const name of defaultNamespaces) reconciler.enqueue(name);
    return [
      enqueueChanges(cache.namespaces, (key) => reconciler.enqueue(key)),
      accounts.onChange(({ previous, current }) => {
        const { name, namespace } = previous?.metadata ?? {};
        if (current === undefined && name === 'default' && namespace !== undefined)
          reconciler.enqueue(namespace);
      }),
    ];
  });
}

function ignore(...codes: string[]): (thrown: unknown) => void {
  return (thrown) => {
    if (!codes.includes(apiCode(thrown) ?? '')) throw thrown;
  };
}
