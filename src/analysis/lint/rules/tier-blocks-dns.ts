import type { PolicyRule } from '../../../model/policy/port.ts';
import { decisionsOfDns } from '../dns.ts';
import { clusterPolicy } from '../examples.ts';
import { namesOfPods, type LintFacts } from '../facts.ts';
import { isClosed } from '../rule-meaning.ts';
import type { LintRule } from '../rule.ts';

const example = (first: string): string => `${clusterPolicy('isolate', 10)}  egress:
${first}    - { action: Accept, to: [{ pods: { podSelector: { matchLabels: { app: db } } } }] }
    - { action: Deny, to: [{ namespaces: {} }] }
`;
const dns = `    - action: Accept
      to: [{ namespaces: { matchLabels: { kubernetes.io/metadata.name: kube-system } } }]
      protocols: [{ udp: { destinationPort: { number: 53 } } }, { tcp: { destinationPort: { number: 53 } } }]
`;

export const tierBlocksDns: LintRule = {
  id: 'WL032',
  name: 'tier-blocks-dns',
  severity: 'error',
  title: 'A cluster-wide policy keeps pods from the cluster DNS',
  why: 'These pods may reach somebody, and a rule of tier Admin or Baseline denies them UDP 53 to the cluster DNS, which is a pod like any other: every look-up of a name waits and fails.',
  fix: 'Accept UDP 53 and TCP 53 to the pods of namespace kube-system before the rule that denies.',
  example: { wrong: example(''), right: example(dns) },
  *check(facts) {
    const denied = new Map<string, { readonly rule: PolicyRule; readonly pods: string[] }>();
    for (const pod of facts.cluster.pods.keys()) {
      const rule = denying(facts, pod);
      if (rule === undefined || isClosed(facts.index.policies.policyOf(pod).egress)) continue;
      const key = `${rule.kind} ${rule.policy} ${rule.rule}`;
      const known = denied.get(key) ?? { rule, pods: [] };
      denied.set(key, known);
      known.pods.push(pod);
    }
    for (const { rule, pods } of denied.values()) {
      yield {
        object: { kind: rule.kind, key: rule.policy },
        path: rule.rule,
        message: `keeps ${namesOfPods(facts, pods)} from asking the cluster DNS`,
      };
    }
  },
};

/** The rule of a tier with order that denies the pod the cluster DNS, where every server of it is denied. */
function denying(facts: LintFacts, pod: string): PolicyRule | undefined {
  const decisions = decisionsOfDns(facts, pod);
  if (decisions.some(({ verdict }) => verdict === 'allowed')) return undefined;
  const last = decisions.at(0)?.steps.at(-1);
  return last === undefined || last.tier === 'NetworkPolicy' ? undefined : last.rules[0];
}
