import { service } from '../examples.ts';
import type { LintRule } from '../rule.ts';

/** An Ingress that passes everything on to a port of a Service `web`. */
export const ingressTo = (port: number): string => `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: front }
spec:
  ingressClassName: nginx
  rules:
    - http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: ${port} } } } }] }
`;

export const backendMissing: LintRule = {
  id: 'WL038',
  name: 'backend-missing',
  severity: 'error',
  title: 'An Ingress or a route leads to no Service',
  why: 'Its rule names a Service, or a port of one, that is not there, or one that it may not name: of another namespace without a ReferenceGrant there, or by a Gateway that takes no routes of its namespace. Requests for it end with an error of whoever passes them on.',
  fix: "Name a Service of the object's own namespace and one of its ports, by the Service's number or name and not the container's; or give the ReferenceGrant, or the Gateway's `allowedRoutes`.",
  needsNoPods: true,
  example: {
    wrong: `${service('web')}spec: { selector: { app: web }, ports: [{ port: 80, targetPort: http }] }
---
${ingressTo(8080)}`,
    right: `${service('web')}spec: { selector: { app: web }, ports: [{ port: 80, targetPort: http }] }
---
${ingressTo(80)}`,
  },
  *check({ gateways: { routes, backendsOf } }) {
    for (const route of routes) {
      const found = backendsOf(route);
      const why = route.refusal ?? ('missing' in found ? found.missing : undefined);
      if (why !== undefined) yield { object: route.object, path: route.path, message: why };
    }
  },
};
