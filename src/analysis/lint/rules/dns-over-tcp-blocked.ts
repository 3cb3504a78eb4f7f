import { dnsMistakes, exampleOfDns } from '../dns.ts';
import type { LintRule } from '../rule.ts';

const rule = (ports: string): string => `    - to:
        - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: kube-system } }
          podSelector: { matchLabels: { k8s-app: kube-dns } }
      ports: [${ports}]
`;

export const dnsOverTcpBlocked: LintRule = {
  id: 'WL008',
  name: 'dns-over-tcp-blocked',
  severity: 'info',
  title: 'Pods can ask the cluster DNS over UDP only',
  why: 'An answer that does not fit into a datagram is cut, and the resolver asks again over TCP (RFC 7766). These pods may use UDP 53 alone: names with many addresses, as headless Services have them, do not resolve.',
  fix: 'Open TCP 53 beside UDP 53.',
  example: {
    wrong: exampleOfDns(rule('{ port: 53, protocol: UDP }')),
    right: exampleOfDns(rule('{ port: 53, protocol: UDP }, { port: 53 }')),
  },
  check: (facts) =>
    dnsMistakes(facts, ({ udp, tcp }) =>
      udp && !tcp ? 'cannot ask the cluster DNS over TCP, which long answers need' : undefined,
    ),
};
