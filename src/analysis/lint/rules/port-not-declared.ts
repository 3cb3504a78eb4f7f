import { dbFromWeb, networkPolicy } from '../examples.ts';
import { namesOfPods } from '../facts.ts';
import { servicePortBehind, unheardPorts } from '../unheard-ports.ts';
import type { LintRule } from '../rule.ts';

export const portNotDeclared: LintRule = {
  id: 'WL010',
  name: 'port-not-declared',
  severity: 'info',
  title: 'A policy opens a port that no pod declares',
  why: 'The pods that this rule is about declare ports, and not this one. Programs may listen on ports that their containers do not declare, but mostly the number is outdated, or a digit is wrong.',
  fix: 'Correct the number, or declare the port in the container.',
  example: {
    wrong: `${networkPolicy('db')}  podSelector: { matchLabels: { app: db } }
  ingress:
    - from:
        - podSelector: { matchLabels: { app: web } }
      ports: [{ port: 5432 }, { port: 5433 }]
`,
    right: dbFromWeb,
  },
  *check(facts) {
    for (const unheard of unheardPorts(facts)) {
      if (servicePortBehind(facts, unheard) !== undefined) continue;
      const { policy, path, protocol, port, pods } = unheard;
      yield {
        object: { kind: 'NetworkPolicy', key: policy },
        path: `${path}.port`,
        message: `none of ${namesOfPods(facts, pods)} declares ${protocol} ${port}`,
      };
    }
  },
};
