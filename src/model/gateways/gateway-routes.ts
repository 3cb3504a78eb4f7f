import { keyOf } from '../../api/resources.ts';
import { matchesSelector } from '../../api/selector.ts';
import type { KubernetesObject, Labels } from '../../api/types/meta.ts';
import { fieldsOf, itemsOf, portOf, textOf, textsOf } from './fields.ts';
import { askedAs, gatewayRouteKinds, type BackendRoute, type GatewayRouteKind } from './route.ts';

/** What decides whether a route of Gateway API is followed. */
export interface RouteSurroundings {
  /** By `namespace/name`. */
  readonly gateways: ReadonlyMap<string, KubernetesObject>;
  readonly grants: readonly KubernetesObject[];
  readonly labelsOf: (namespace: string) => Labels;
}

/**
 * The rules of an HTTPRoute, GRPCRoute, TLSRoute, TCPRoute or UDPRoute, for each Gateway that it names as its parent.
 * A route needs its Gateway's consent (`allowedRoutes`), and a backend in another namespace the consent of that one
 * (GEP-709, ReferenceGrant): without either, the rule is told with its refusal.
 */
export function gatewayRoutes(route: KubernetesObject, around: RouteSurroundings): BackendRoute[] {
  const kind = route.kind as GatewayRouteKind;
  const spec = fieldsOf(fieldsOf(route)['spec']);
  const { namespace = 'default' } = route.metadata;
  const hosts = textsOf(spec['hostnames']);
  const parents = itemsOf(spec['parentRefs'], '').flatMap(({ item }) =>
    (textOf(item['kind']) ?? 'Gateway') === 'Gateway' && textOf(item['name']) !== undefined
      ? [`${textOf(item['namespace']) ?? namespace}/${String(item['name'])}`]
      : [],
  );
  const backends = itemsOf(spec['rules'], 'spec.rules').flatMap(({ item, path }) =>
    backendsOf(item, path).map((backend) => ({ ...backend, asked: askedAs(hosts, firstPath(item)) })),
  );
  return [...new Set(parents)].flatMap((gateway) =>
    backends.flatMap(({ reference, path, asked }): BackendRoute[] => {
      const [name, port] = [textOf(reference['name']), portOf(reference['port'])];
      if ((textOf(reference['kind']) ?? 'Service') !== 'Service') return [];
      if (name === undefined || port === undefined) return [];
      const to = { namespace: textOf(reference['namespace']) ?? namespace, name };
      const refusal = refusalOfGateway(gateway, namespace, around) ?? refusalOfBackend(route, to, around);
      return [
        {
          object: { kind, key: keyOf(route) },
          path,
          asked,
          front: { kind: 'Gateway', key: gateway },
          service: `${to.namespace}/${to.name}`,
          port,
          protocol: gatewayRouteKinds[kind],
          ...(refusal !== undefined && { refusal }),
        },
      ];
    }),
  );
}

interface Backend {
  readonly reference: Readonly<Record<string, unknown>>;
  readonly path: string;
}

/** Of a rule: those that answer, and those that get a copy of each request (RequestMirror). */
function backendsOf(rule: Readonly<Record<string, unknown>>, path: string): Backend[] {
  const answering = itemsOf(rule['backendRefs'], `${path}.backendRefs`).filter(
    ({ item }) => item['weight'] !== 0,
  );
  const mirrors = itemsOf(rule['filters'], `${path}.filters`).flatMap((filter) => {
    const reference = fieldsOf(filter.item['requestMirror'])['backendRef'];
    return reference === undefined
      ? []
      : [{ item: fieldsOf(reference), path: `${filter.path}.requestMirror.backendRef` }];
  });
  return [...answering, ...mirrors].map((one) => ({ reference: one.item, path: one.path }));
}

function firstPath(rule: Readonly<Record<string, unknown>>): string | undefined {
  const [first] = itemsOf(rule['matches'], '');
  return textOf(fieldsOf(first?.item['path'])['value']);
}

/** A Gateway that nobody described may allow anything. */
function refusalOfGateway(
  key: string,
  namespace: string,
  { gateways, labelsOf }: RouteSurroundings,
): string | undefined {
  const gateway = gateways.get(key);
  if (gateway === undefined) return undefined;
  const own = gateway.metadata.namespace ?? 'default';
  const listeners = itemsOf(fieldsOf(fieldsOf(gateway)['spec'])['listeners'], '');
  const isAllowed = listeners.some(({ item }) => {
    const { from = 'Same', selector } = fieldsOf(fieldsOf(item['allowedRoutes'])['namespaces']);
    if (from === 'All') return true;
    if (from === 'Selector') return matchesSelector(fieldsOf(selector), labelsOf(namespace));
    return own === namespace;
  });
  return isAllowed ? undefined : `no listener of Gateway ${key} takes routes of namespace ${namespace}`;
}

function refusalOfBackend(
  route: KubernetesObject,
  to: { readonly namespace: string; readonly name: string },
  { grants }: RouteSurroundings,
): string | undefined {
  const { namespace = 'default' } = route.metadata;
  if (to.namespace === namespace) return undefined;
  const isGranted = grants.some((grant) => {
    if ((grant.metadata.namespace ?? 'default') !== to.namespace) return false;
    const spec = fieldsOf(fieldsOf(grant)['spec']);
    const from = itemsOf(spec['from'], '').some(
      ({ item }) => item['kind'] === route.kind && item['namespace'] === namespace,
    );
    const named = itemsOf(spec['to'], '').some(
      ({ item }) => item['kind'] === 'Service' && (textOf(item['name']) ?? to.name) === to.name,
    );
    return from && named;
  });
  if (isGranted) return undefined;
  return `no ReferenceGrant of namespace ${to.namespace} lets ${route.kind} objects of ${namespace} name its Services`;
}
