import { dbFromWeb, networkPolicy } from '../examples.ts';
import { contains, formatPrefix } from '../../../lib/prefix.ts';
import type { LintRule } from '../rule.ts';

export const blockOfPodAddresses: LintRule = {
  id: 'WL017',
  name: 'block-of-pod-addresses',
  severity: 'warning',
  title: 'An ipBlock holds a part of the addresses of pods',
  why: 'A pod has another address whenever it is made anew, and another pod gets the one that it had. An ipBlock that is smaller than the range of all pods lets through whoever has these addresses at the moment.',
  fix: 'Use a podSelector and a namespaceSelector for pods, and ipBlock for what is outside the cluster.',
  example: {
    wrong: `${networkPolicy('db')}  podSelector: { matchLabels: { app: db } }
  ingress:
    - from:
        - ipBlock: { cidr: 10.244.0.2/32 }
      ports: [{ port: 5432 }]
`,
    right: dbFromWeb,
  },
  needsNoPods: true,
  *check({ policies, index }) {
    for (const { key, rules } of policies) {
      for (const { path, peer, ranges } of rules.flatMap(({ peers }) => peers)) {
        const pods = index.podRanges.find((prefix) =>
          ranges.every(({ first, last }) => contains(prefix, first) && contains(prefix, last)),
        );
        if (ranges.length === 0 || pods === undefined) continue;
        if (peer.ipBlock?.cidr === formatPrefix(pods)) continue;
        yield {
          object: { kind: 'NetworkPolicy', key },
          path: `${path}.ipBlock.cidr`,
          message: `is part of the range of pods, ${formatPrefix(pods)}, whose addresses change hands`,
        };
      }
    }
  },
};
