import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../../api/types/meta.ts';
import { expandManifests } from '../workloads/expand.ts';
import type { BackendRoute } from './route.ts';
import { backendRoutesOf } from './routes.ts';

const routesOf = (...objects: KubernetesObject[]): BackendRoute[] =>
  backendRoutesOf(expandManifests(objects));

function ingress(spec: object, annotations: Record<string, string> = {}): KubernetesObject {
  const metadata = { name: 'front', namespace: 'shop', annotations };
  return { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata, spec } as KubernetesObject;
}

function ofGatewayApi(kind: string, key: string, spec: object): KubernetesObject {
  const [namespace = '', name = ''] = key.split('/');
  const apiVersion = 'gateway.networking.k8s.io/v1';
  return { apiVersion, kind, metadata: { name, namespace }, spec } as KubernetesObject;
}

const backend = (port: object): object => ({ service: { name: 'web', port } });
const told = (routes: readonly BackendRoute[]): string[] =>
  routes.map(
    ({ asked, front, service, port, protocol, path, refusal }) =>
      `${asked} by ${front.kind} ${front.key} to ${service}:${port} ${protocol} at ${path}${refusal === undefined ? '' : `, but ${refusal}`}`,
  );

test('an Ingress leads from its hosts and paths, and from everything else, to Services of its namespace', () => {
  const paths = [
    { path: '/a', backend: backend({ number: 80 }) },
    { backend: backend({ name: 'http' }) },
    { path: '/bucket', backend: { resource: { kind: 'StorageBucket', name: 'icons' } } },
  ];
  const spec = {
    ingressClassName: 'nginx',
    defaultBackend: backend({ number: 8080 }),
    rules: [{ host: 'a.example', http: { paths } }],
  };
  assert.deepEqual(told(routesOf(ingress(spec))), [
    '* by IngressClass nginx to shop/web:8080 TCP at spec.defaultBackend',
    'a.example/a by IngressClass nginx to shop/web:80 TCP at spec.rules[0].http.paths[0].backend',
    'a.example by IngressClass nginx to shop/web:http TCP at spec.rules[0].http.paths[1].backend',
  ]);
});

test('an Ingress that says no class has that of the older annotation, else the default one', () => {
  const spec = { defaultBackend: backend({ number: 80 }) };
  const standard: KubernetesObject = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: { name: 'usual', annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } },
  };
  const classOf = (...objects: KubernetesObject[]): string | undefined => routesOf(...objects)[0]?.front.key;
  assert.equal(classOf(ingress(spec), standard), 'usual');
  assert.equal(classOf(ingress(spec, { 'kubernetes.io/ingress.class': 'old' }), standard), 'old');
  assert.equal(classOf(ingress(spec)), '');
});

const gateway = (namespaces?: object): KubernetesObject =>
  ofGatewayApi('Gateway', 'infra/edge', {
    listeners: [{ port: 80, ...(namespaces && { allowedRoutes: { namespaces } }) }],
  });
const route = (kind: string, backendRefs: object[], more: object = {}): KubernetesObject =>
  ofGatewayApi(kind, 'shop/front', {
    parentRefs: [{ name: 'edge', namespace: 'infra' }],
    hostnames: ['a.example'],
    rules: [{ matches: [{ path: { type: 'PathPrefix', value: '/a' } }], backendRefs, ...more }],
  });

test('a route of Gateway API leads to those of its backends that have a weight, and to mirrors', () => {
  const mirror = { type: 'RequestMirror', requestMirror: { backendRef: { name: 'copy', port: 80 } } };
  const backends = [
    { name: 'web', port: 80 },
    { name: 'old', port: 80, weight: 0 },
    { kind: 'Bucket', name: 'x', port: 1 },
  ];
  assert.deepEqual(
    told(routesOf(gateway({ from: 'All' }), route('HTTPRoute', backends, { filters: [mirror] }))),
    [
      'a.example/a by Gateway infra/edge to shop/web:80 TCP at spec.rules[0].backendRefs[0]',
      'a.example/a by Gateway infra/edge to shop/copy:80 TCP at spec.rules[0].filters[0].requestMirror.backendRef',
    ],
  );
  const [udp] = routesOf(route('UDPRoute', [{ name: 'dns', port: 53 }]));
  assert.equal(udp?.protocol, 'UDP');
});

for (const [what, namespaces, isTaken] of [
  ['of its own namespace only, where it says nothing', undefined, false],
  ['of all namespaces', { from: 'All' }, true],
  [
    'of namespaces by their labels',
    { from: 'Selector', selector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } } },
    true,
  ],
  ['not of namespaces with other labels', { from: 'Selector', selector: { matchLabels: { a: 'b' } } }, false],
] as const) {
  test(`a Gateway takes routes ${what}`, () => {
    const [found] = routesOf(gateway(namespaces), route('HTTPRoute', [{ name: 'web', port: 80 }]));
    const refusal = 'no listener of Gateway infra/edge takes routes of namespace shop';
    assert.equal(found?.refusal, isTaken ? undefined : refusal);
  });
}

test('a backend in another namespace needs the ReferenceGrant of that one', () => {
  const elsewhere = route('HTTPRoute', [{ name: 'web', namespace: 'other', port: 80 }]);
  const grant = (name: string): KubernetesObject =>
    ofGatewayApi('ReferenceGrant', 'other/shop', {
      from: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'shop' }],
      to: [{ group: '', kind: 'Service', name }],
    });
  const refusalOf = (...objects: KubernetesObject[]): string | undefined =>
    routesOf(gateway({ from: 'All' }), elsewhere, ...objects)[0]?.refusal;
  assert.equal(
    refusalOf(),
    'no ReferenceGrant of namespace other lets HTTPRoute objects of shop name its Services',
  );
  assert.equal(refusalOf(grant('web')), undefined);
  assert.notEqual(refusalOf(grant('db')), undefined);
});

test('what has not the shape that it should have leads nowhere', () => {
  for (const spec of [{}, { rules: 7, parentRefs: 'edge' }, { parentRefs: [null], rules: [[]] }]) {
    assert.deepEqual(routesOf(ofGatewayApi('HTTPRoute', 'shop/odd', spec), ingress(spec)), []);
  }
});
