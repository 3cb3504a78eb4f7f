import type { Deployment, ReplicaSet } from '../../api/types/apps.ts';
import { contentHash } from './names.ts';
import { controlledBy } from './owner.ts';

/** On a Deployment's ReplicaSets and their pods: which version of the template they are of. */
export const templateHashLabel = 'pod-template-hash';

/** The order of a Deployment's ReplicaSets, newest highest; `kubectl rollout history` and `undo` read it. */
export const revisionAnnotation = 'deployment.kubernetes.io/revision';

/** What `templateHashLabel` holds for the Deployment's current template. */
export function templateHashOf(deployment: Deployment): string {
  return contentHash(deployment.spec.template);
}

/** The ReplicaSet `DEPLOYMENT-HASH` of a Deployment's current template. */
export function replicaSetOf(
  deployment: Deployment,
  { replicas, revision }: { readonly replicas: number; readonly revision: number },
): ReplicaSet {
  const { template, selector } = deployment.spec;
  const { name, namespace } = deployment.metadata;
  const hash = { [templateHashLabel]: templateHashOf(deployment) };
  const labels = { ...template.metadata?.labels, ...hash };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${name}-${templateHashOf(deployment)}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels,
      annotations: { [revisionAnnotation]: String(revision) },
      ownerReferences: [controlledBy(deployment)],
    },
    spec: {
      replicas,
      selector: { ...selector, matchLabels: { ...selector.matchLabels, ...hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}
