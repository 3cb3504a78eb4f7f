import { networkPolicy } from '../examples.ts';
import { podFacts } from '../../../model/identity/pod-facts.ts';
import { resolvePort } from '../../../model/policy/named-ports.ts';
import { namesOfPods } from '../facts.ts';
import { destinationPods } from '../rule-meaning.ts';
import type { LintRule } from '../rule.ts';

export const namedPortMissing: LintRule = {
  id: 'WL006',
  name: 'named-port-missing',
  severity: 'error',
  title: 'A policy names a port that no pod has',
  why: "A port's name in a policy is looked up in the containers of the pods that receive: those that the policy selects for ingress, its peers for egress. None of them has a port of this name and protocol, so this port lets nothing through. Names of a Service's ports are not looked at.",
  fix: 'Use the name that the container gives the port, with its protocol, or its number.',
  example: {
    wrong: `${networkPolicy('db')}  podSelector: { matchLabels: { app: db } }
  ingress:
    - from:
        - podSelector: { matchLabels: { app: web } }
      ports: [{ port: 5432 }, { port: postgres }]
`,
    right: `${networkPolicy('db')}  podSelector: { matchLabels: { app: db } }
  ingress:
    - from:
        - podSelector: { matchLabels: { app: web } }
      ports: [{ port: sql }]
`,
  },
  *check(facts) {
    for (const policy of facts.policies) {
      for (const rule of policy.rules) {
        const destinations = destinationPods(facts, policy, rule);
        if (destinations.length === 0) continue;
        for (const { port: name, protocol = 'TCP', path } of rule.ports) {
          if (typeof name !== 'string') continue;
          const isKnown = destinations.some((key) => {
            const pod = facts.cluster.pods.get(key);
            const seen = pod === undefined ? undefined : podFacts(pod);
            return seen !== undefined && resolvePort(seen, { name, protocol }) !== undefined;
          });
          if (isKnown) continue;
          const whose =
            rule.compiled.peers === 'anywhere' && rule.direction === 'egress'
              ? 'no pod'
              : `none of ${namesOfPods(facts, destinations)}`;
          yield {
            object: { kind: 'NetworkPolicy', key: policy.key },
            path: `${path}.port`,
            message: `${whose} has a ${protocol} port called ${name}`,
          };
        }
      }
    }
  },
};
