import { namesOfPods } from '../facts.ts';
import { service } from '../examples.ts';
import type { LintRule } from '../rule.ts';
import { frontName } from '../../gateways/followed-routes.ts';
import { routedWays } from '../../gateways/ways.ts';
import { ingressTo } from './backend-missing.ts';

const isolated = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: web }
spec: { podSelector: { matchLabels: { app: web } }`;

export const backendClosed: LintRule = {
  id: 'WL039',
  name: 'backend-closed',
  severity: 'warning',
  title: 'Policies keep requests from outside from the pods that they are for',
  why: 'An Ingress or a route of Gateway API leads to the pods, and their policies, or those of the pods that pass requests on, let nothing through on this port: every request ends after a time-out with an error of whoever passes it on.',
  fix: 'Add an ingress rule for the pods of the Ingress controller or the Gateway, by their namespace and labels.',
  example: {
    wrong: `${service('web')}spec: { selector: { app: web }, ports: [{ port: 80, targetPort: http }] }
---
${ingressTo(80)}---
${isolated} }
`,
    right: `${service('web')}spec: { selector: { app: web }, ports: [{ port: 80, targetPort: http }] }
---
${ingressTo(80)}---
${isolated}, ingress: [{ from: [{ namespaceSelector: {} }], ports: [{ port: 8080 }] }] }
`,
  },
  *check(facts) {
    const byRoute = Map.groupBy(routedWays(facts.cluster, facts.gateways), ({ route }) => route);
    for (const [{ object, path, front }, ways] of byRoute) {
      const closed = ways.filter(({ verdicts }) => verdicts.every((verdict) => verdict === 'denied'));
      if (closed.length < ways.length || closed.length === 0) continue;
      const pods = closed.flatMap(({ backend }) => backend.pod ?? []);
      const ports = [...new Set(closed.map(({ backend }) => `${backend.protocol} ${backend.port}`))];
      const whom = `${ports.join(', ')} of ${namesOfPods(facts, pods)}`;
      yield { object, path, message: `policies let nothing of ${frontName(front)} through to ${whom}` };
    }
  },
};
