import { resources } from '../api/resources.ts';
import type { Api } from './port.ts';
import { policyChanges } from './access/reconcile-policy.ts';
import { timestamp } from '../lib/timestamp.ts';
import { create } from './verbs/create.ts';

/** Namespaces that are there from the start, as kube-apiserver makes them. */
const systemNamespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** Makes what is missing of them, and of the roles that every cluster has. */
export function bootstrap(api: Api): void {
  for (const name of systemNamespaces) {
    if (api.store.get('namespaces', name) !== undefined) continue;
    const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    create(api, resources.namespaces, { object, options: { dryRun: false } });
  }
  api.store.write(policyChanges(api.store, timestamp(api.clock.now())));
}
