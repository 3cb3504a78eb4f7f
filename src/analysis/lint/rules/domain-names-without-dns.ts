import { decisionsOfDns } from '../dns.ts';
import { clusterPolicy } from '../examples.ts';
import { namesOfPods, type LintFacts } from '../facts.ts';
import type { LintRule } from '../rule.ts';

const example = (first: string): string => `${clusterPolicy('names', 10)}  egress:
${first}    - { action: Accept, to: [{ domainNames: [api.example.com] }] }
    - { action: Deny, to: [{ networks: [0.0.0.0/0] }] }
`;
const dns = `    - action: Accept
      to: [{ namespaces: { matchLabels: { kubernetes.io/metadata.name: kube-system } } }]
      protocols: [{ udp: { destinationPort: { number: 53 } } }, { tcp: { destinationPort: { number: 53 } } }]
`;

export const domainNamesWithoutDns: LintRule = {
  id: 'WL033',
  name: 'domain-names-without-dns',
  severity: 'error',
  title: 'Pods may reach domain names, and cannot ask for their addresses',
  why: 'The addresses of a domain name are learned from the answers that the cluster DNS gives to pods. These pods may not ask it, so that the names have no address for them, and the rule opens nothing.',
  fix: 'Accept UDP 53 and TCP 53 to the pods of namespace kube-system, with a rule before any that denies it.',
  example: { wrong: example(''), right: example(dns) },
  *check(facts) {
    for (const { kind, key, subjects, rules } of facts.clusterPolicies) {
      const peer = rules.flatMap(({ peers }) => peers).find((one) => one.peer.domainNames !== undefined);
      if (peer === undefined) continue;
      const pods = subjects.filter((pod) => isKeptFromDns(facts, pod));
      if (pods.length === 0) continue;
      yield {
        object: { kind, key },
        path: `${peer.path}.domainNames`,
        message: `opens nothing to ${namesOfPods(facts, pods)}: no policy lets them ask the cluster DNS`,
      };
    }
  },
};

function isKeptFromDns(facts: LintFacts, pod: string): boolean {
  const decisions = decisionsOfDns(facts, pod);
  return decisions.length > 0 && decisions.every(({ verdict }) => verdict === 'denied');
}
