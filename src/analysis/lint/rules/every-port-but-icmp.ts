import type { NetworkPolicyPort } from '../../../api/types/network.ts';
import { networkPolicy } from '../examples.ts';
import type { LintRule } from '../rule.ts';

export const everyPortButIcmp: LintRule = {
  id: 'WL044',
  name: 'every-port-but-icmp',
  severity: 'info',
  title: 'A rule opens every port of TCP and UDP, and leaves out ICMP',
  why: 'A rule with ports never allows what has none. These peers may connect to everything and cannot ping it. Errors about packets that are too large are another matter: they belong to a connection, and always pass.',
  fix: 'Leave `ports` out where everything is meant.',
  example: {
    wrong: `${networkPolicy('db')}  podSelector: { matchLabels: { app: db } }
  ingress:
    - from: [{ podSelector: { matchLabels: { app: web } } }]
      ports: [{ protocol: TCP }, { protocol: UDP }]
`,
    right: `${networkPolicy('db')}  podSelector: { matchLabels: { app: db } }
  ingress:
    - from: [{ podSelector: { matchLabels: { app: web } } }]
`,
  },
  needsNoPods: true,
  *check({ policies, cluster: { multiNetworkPolicies = new Map() } }) {
    const all = [
      ...policies.map(({ key, policy: { spec } }) => ({ kind: 'NetworkPolicy' as const, key, spec })),
      ...Array.from(multiNetworkPolicies, ([key, { spec }]) => ({
        kind: 'MultiNetworkPolicy' as const,
        key,
        spec,
      })),
    ];
    for (const { kind, key, spec } of all) {
      for (const direction of ['ingress', 'egress'] as const) {
        for (const [index, { ports = [] }] of (spec?.[direction] ?? []).entries()) {
          if (!isEvery('TCP', ports) || !isEvery('UDP', ports)) continue;
          yield {
            object: { kind, key },
            path: `spec.${direction}[${index}].ports`,
            message: 'opens every port of TCP and UDP, and not ICMP, which has none',
          };
        }
      }
    }
  },
};

/** Whether one of the ports is every port of a protocol. */
function isEvery(wanted: 'TCP' | 'UDP', ports: readonly NetworkPolicyPort[]): boolean {
  return ports.some(
    ({ protocol = 'TCP', port, endPort }) =>
      protocol === wanted && (port === undefined || (port === 1 && endPort === 65_535)),
  );
}
