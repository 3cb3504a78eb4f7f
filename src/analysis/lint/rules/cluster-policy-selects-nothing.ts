import { clusterPolicy } from '../examples.ts';
import type { LintRule } from '../rule.ts';

const rules = `  ingress:
    - { action: Deny, from: [{ pods: { podSelector: { matchLabels: { app: web } } } }] }
`;
const about = (app: string): string =>
  clusterPolicy('database', 10).replace(
    'namespaces: {}',
    `pods: { podSelector: { matchLabels: { app: ${app} } } }`,
  );

export const clusterPolicySelectsNothing: LintRule = {
  id: 'WL027',
  name: 'cluster-policy-selects-nothing',
  severity: 'warning',
  title: 'A cluster-wide policy selects no pod',
  why: 'A policy of tier Admin or Baseline is about the pods that its subject selects, in all namespaces. This one selects none, so that none of its rules is ever asked. Mostly a label of a namespace or a pod is mistyped.',
  fix: 'Compare the subject with the labels of the namespaces and of the pods; delete the policy if the pods are gone.',
  example: { wrong: `${about('database')}${rules}`, right: `${about('db')}${rules}` },
  *check({ clusterPolicies }) {
    for (const { kind, key, subjects, hostSubjects } of clusterPolicies) {
      if (subjects.length > 0) continue;
      const message =
        hostSubjects.length > 0
          ? 'selects only pods on the host network, which no policy is about'
          : 'selects no pod of any namespace';
      yield { object: { kind, key }, path: 'spec.subject', message };
    }
  },
};
