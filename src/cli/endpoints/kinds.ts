import { resources, type Resource } from '../../api/resources.ts';

/** Kinds that stand for pods in `NAMESPACE/KIND/NAME`. */
const kinds: readonly Pick<Resource, 'kind' | 'plural' | 'shortNames'>[] = [
  resources.pods,
  resources.services,
  resources.deployments,
  resources.replicasets,
  resources.statefulsets,
  resources.daemonsets,
  resources.jobs,
  { kind: 'CronJob', plural: 'cronjobs', shortNames: ['cj'] },
  { kind: 'ReplicationController', plural: 'replicationcontrollers', shortNames: ['rc'] },
];

/** The kind that a word means, as kubectl takes it: `deploy`, `deployments` and `Deployment` are one. */
export function workloadKindOf(word: string): string | undefined {
  const lower = word.toLowerCase();
  return kinds.find(
    ({ kind, plural, shortNames }) =>
      kind.toLowerCase() === lower || plural === lower || shortNames.includes(lower),
  )?.kind;
}
