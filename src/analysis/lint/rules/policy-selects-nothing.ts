import { networkPolicy } from '../examples.ts';
import type { LintRule } from '../rule.ts';

export const policySelectsNothing: LintRule = {
  id: 'WL001',
  name: 'policy-selects-nothing',
  severity: 'warning',
  title: 'A policy selects no pod',
  why: 'A policy isolates the pods that its podSelector selects, in its own namespace. This one selects none: whatever it was to protect stays open. Mostly a label is mistyped, or the policy is in another namespace than the pods.',
  fix: "Write the labels of the pods' template into the podSelector, and check metadata.namespace; delete the policy if the pods are gone.",
  example: {
    wrong: `${networkPolicy('database')}  podSelector: { matchLabels: { app: database } }
`,
    right: `${networkPolicy('database')}  podSelector: { matchLabels: { app: db } }
`,
  },
  *check({ policies }) {
    for (const { key, namespace, subjects, hostSubjects } of policies) {
      if (subjects.length + hostSubjects.length > 0) continue;
      yield {
        object: { kind: 'NetworkPolicy', key },
        path: 'spec.podSelector',
        message: `selects no pod of namespace ${namespace}`,
      };
    }
  },
};
