import { resources } from '../api/resources.ts';
import type { ConfigMap } from '../api/types/core.ts';
import { apiCode } from '../client/errors.ts';
import { done, type Outcome } from '../reconcile/outcome.ts';
import { controllerOf, reconcilerFor, type Controller, type ControllerContext } from './controller.ts';
import { enqueueChanges } from './status.ts';

const name = 'kube-root-ca.crt';
const description = 'Contains a CA bundle that can be used to verify the kube-apiserver.';

/**
 * Leaves the API server's authority in a ConfigMap of every namespace, where pods look for it (upstream's
 * root-ca-cert-publisher). What somebody changes or deletes there comes back when its namespace changes, and at a start:
 * following all ConfigMaps of a cluster for it would cost more than it is worth.
 */
export function createRootCaController(context: ControllerContext): Controller {
  const { cache, client, rootCa } = context;

  async function reconcile(namespace: string): Promise<Outcome> {
    const found = cache.namespaces.get(namespace);
    if (rootCa === undefined || found === undefined || found.metadata.deletionTimestamp !== undefined)
      return done;
    const wanted: ConfigMap = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace, annotations: { 'kubernetes.io/description': description } },
      data: { 'ca.crt': rootCa },
    };
    try {
      await client.create(resources.configmaps, wanted);
    } catch (thrown) {
      if (apiCode(thrown) === 'api-already-exists') await restore(namespace, rootCa);
      // The namespace went meanwhile.
      else if (apiCode(thrown) !== 'api-not-found') throw thrown;
    }
    return done;
  }

  async function restore(namespace: string, ca: string): Promise<void> {
    const current = await client.get(resources.configmaps, { namespace, name });
    if (current === undefined || current.data?.['ca.crt'] === ca) return;
    await client.patch(resources.configmaps, { namespace, name }, { body: { data: { 'ca.crt': ca } } });
  }

  const reconciler = reconcilerFor(context, 'root-ca', reconcile);
  return controllerOf('root-ca', [reconciler], () => [
    enqueueChanges(cache.namespaces, (key) => reconciler.enqueue(key)),
  ]);
}
