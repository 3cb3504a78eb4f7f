import { networkPolicy } from '../examples.ts';
import { namesOfPods } from '../facts.ts';
import type { LintRule } from '../rule.ts';

export const hostNetworkPods: LintRule = {
  id: 'WL022',
  name: 'host-network-pods',
  severity: 'warning',
  title: 'A policy is about pods on the host network only',
  why: 'Pods with hostNetwork have the addresses of their node, and NetworkPolicies do not tell them apart from it: as subjects they are not isolated, as peers they are not found. Every pod that this selector matches is such a pod.',
  fix: 'Allow the addresses of the nodes by an ipBlock where these pods are peers; guard them on the node where they are to be isolated.',
  example: {
    wrong: onHost(
      '172.20.0.0/16',
      `        - podSelector: { matchLabels: { app: agent } }
`,
    ),
    right: onHost('172.20.0.0/16', ''),
  },
  *check(facts) {
    for (const { key, subjects, hostSubjects, rules } of facts.policies) {
      const object = { kind: 'NetworkPolicy', key } as const;
      if (subjects.length === 0 && hostSubjects.length > 0) {
        const message = `isolates nobody: ${namesOfPods(facts, hostSubjects)} is on the host network`;
        yield { object, path: 'spec.podSelector', message };
      }
      for (const { path, selected } of rules.flatMap(({ peers }) => peers)) {
        if (selected === undefined || selected.pods.length > 0 || selected.hostPods.length === 0) continue;
        const message = `lets nobody through: ${namesOfPods(facts, selected.hostPods)} is on the host network`;
        yield { object, path, message };
      }
    }
  },
};

function onHost(cidr: string, peer: string): string {
  return `apiVersion: v1
kind: Pod
metadata: { name: agent, labels: { app: agent } }
spec: { hostNetwork: true, containers: [{ name: agent, image: agent }] }
---
${networkPolicy('db')}  podSelector: { matchLabels: { app: db } }
  ingress:
    - from:
        - ipBlock: { cidr: ${cidr} }
${peer}      ports: [{ port: 5432 }]
`;
}
