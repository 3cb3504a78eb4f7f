import { dnsRule, networkPolicy } from '../examples.ts';
import { contains, formatPrefix } from '../../../lib/prefix.ts';
import type { LintRule } from '../rule.ts';

export const blockOfServiceAddresses: LintRule = {
  id: 'WL016',
  name: 'block-of-service-addresses',
  severity: 'error',
  title: 'An ipBlock holds addresses of Services, which no policy ever sees',
  why: "A Service's address is translated to that of a pod before policies are asked, and no packet has it as its source. A rule with such an ipBlock matches nothing. Allowing the address of the cluster DNS, or of the API server's Service, is the usual case.",
  fix: 'Name the pods behind the Service by a podSelector and a namespaceSelector; for a Service without pods, the addresses of its endpoints.',
  example: {
    wrong: `${networkPolicy('db')}  podSelector: { matchLabels: { app: db } }
  policyTypes: [Egress]
  egress:
    - to:
        - ipBlock: { cidr: 10.96.0.1/32 }
      ports: [{ port: 443 }]
${dnsRule}`,
    right: `${networkPolicy('db')}  podSelector: { matchLabels: { app: db } }
  policyTypes: [Egress]
  egress:
    - to:
        - ipBlock: { cidr: 192.0.2.10/32 }
      ports: [{ port: 6443 }]
${dnsRule}`,
  },
  needsNoPods: true,
  *check({ policies, index }) {
    for (const { key, rules } of policies) {
      for (const { path, ranges } of rules.flatMap(({ peers }) => peers)) {
        const services = index.serviceRanges.find((prefix) =>
          ranges.every(({ first, last }) => contains(prefix, first) && contains(prefix, last)),
        );
        if (ranges.length === 0 || services === undefined) continue;
        yield {
          object: { kind: 'NetworkPolicy', key },
          path: `${path}.ipBlock.cidr`,
          message: `is part of the range of Services, ${formatPrefix(services)}, whose addresses are translated before policies are asked`,
        };
      }
    }
  },
};
