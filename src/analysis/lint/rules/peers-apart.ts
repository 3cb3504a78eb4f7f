import { networkPolicy } from '../examples.ts';
import type { LintRule } from '../rule.ts';

export const peersApart: LintRule = {
  id: 'WL024',
  name: 'peers-apart',
  severity: 'info',
  title: 'A namespaceSelector and a podSelector are two peers',
  why: 'Each dash is a peer of its own: one that lets every pod of some namespaces through, and one that lets some pods of the own namespace through. Together in one peer they mean the pods of those namespaces that have those labels, which is mostly what was meant, and much less.',
  fix: 'Remove the dash before podSelector where both must hold. Put the two into rules of their own where either is enough.',
  example: {
    wrong: `${networkPolicy('db')}  podSelector: { matchLabels: { app: db } }
  ingress:
    - from:
        - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: kube-system } }
        - podSelector: { matchLabels: { app: web } }
      ports: [{ port: 5432 }]
`,
    right: `${networkPolicy('db')}  podSelector: { matchLabels: { app: db } }
  ingress:
    - from:
        - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: default } }
          podSelector: { matchLabels: { app: web } }
      ports: [{ port: 5432 }]
`,
  },
  needsNoPods: true,
  *check({ policies }) {
    for (const { key, rules } of policies) {
      for (const { peers } of rules) {
        for (const [index, { peer, path }] of peers.entries()) {
          const before = peers[index - 1]?.peer;
          if (peer.podSelector === undefined || peer.namespaceSelector !== undefined) continue;
          if (before?.namespaceSelector === undefined || before.podSelector !== undefined) continue;
          yield {
            object: { kind: 'NetworkPolicy', key },
            path,
            message:
              'is a peer of its own: the namespaceSelector before it selects all pods of its namespaces',
          };
        }
      }
    }
  },
};
