import { dnsRule, networkPolicy } from '../examples.ts';
import { namesOfPods } from '../facts.ts';
import { otherEndOf } from '../other-end.ts';
import type { LintRule } from '../rule.ts';

export const endsShareNoPort: LintRule = {
  id: 'WL020',
  name: 'ends-share-no-port',
  severity: 'error',
  title: 'Egress and ingress allow each other, and share no port',
  why: 'A connection needs both ends: egress of whoever asks and ingress of whoever is asked. Here both let the other through, on ports that have nothing in common, so that no connection comes about.',
  fix: 'Write the same ports into both: those on which the receiving pods listen, not those of a Service in front of them.',
  example: {
    wrong: ends('5432'),
    right: ends('8080'),
  },
  *check(facts) {
    // Where each end names the other, once is enough: at the egress rule.
    const told = new Set<string>();
    for (const direction of ['egress', 'ingress'] as const) {
      for (const policy of facts.policies) {
        for (const rule of policy.rules.filter((one) => one.direction === direction)) {
          const end = otherEndOf(facts, policy, rule);
          if (end.kind !== 'other-ports') continue;
          const pairs = end.pods.flatMap((peer) =>
            policy.subjects.map((pod) => [pod, peer].sort().join(' ')),
          );
          if (direction === 'ingress' && pairs.every((pair) => told.has(pair))) continue;
          for (const pair of pairs) told.add(pair);
          const verb = direction === 'egress' ? 'accept' : 'may send';
          yield {
            object: { kind: 'NetworkPolicy', key: policy.key },
            path: rule.path,
            message: `opens ${end.ports}, where ${namesOfPods(facts, end.pods)} ${verb} ${end.otherPorts} only: egress and ingress share no port`,
          };
        }
      }
    }
  },
};

function ends(port: string): string {
  return `${networkPolicy('db-to-web')}  podSelector: { matchLabels: { app: db } }
  policyTypes: [Egress]
  egress:
    - to:
        - podSelector: { matchLabels: { app: web } }
      ports: [{ port: ${port} }]
${dnsRule}---
${networkPolicy('web-from-db')}  podSelector: { matchLabels: { app: web } }
  ingress:
    - from:
        - podSelector: { matchLabels: { app: db } }
      ports: [{ port: 8080 }]
`;
}
