import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../../api/types/core.ts';
import type { KubernetesObject, Labels } from '../../api/types/meta.ts';
import { frontPods, servedByAnnotation } from './front-pods.ts';
import type { Front } from './route.ts';

const nginx = { 'app.kubernetes.io/name': 'ingress-nginx', 'app.kubernetes.io/component': 'controller' };
const pods = new Map<string, Pod>(
  Object.entries({
    'ingress-nginx/controller': nginx,
    'infra/edge-1': { 'gateway.networking.k8s.io/gateway-name': 'edge' },
    'other/edge-1': { 'gateway.networking.k8s.io/gateway-name': 'edge' },
    'mine/proxy': { app: 'proxy' },
  } satisfies Record<string, Labels>).map(([key, labels]) => {
    const [namespace = '', name = ''] = key.split('/');
    const metadata = { namespace, name, labels };
    return [key, { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [] } }];
  }),
);

function classOf(name: string, { controller = '', servedBy = '' }): KubernetesObject {
  const annotations = servedBy === '' ? {} : { [servedByAnnotation]: servedBy };
  const spec = { controller };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: { name, annotations },
    spec,
  } as KubernetesObject;
}

const cases: readonly [what: string, Front, KubernetesObject[], string[]][] = [
  [
    'the pods that its implementation made for a Gateway',
    { kind: 'Gateway', key: 'infra/edge' },
    [],
    ['infra/edge-1'],
  ],
  [
    'the pods of a known controller, by the name that the class gives it',
    { kind: 'IngressClass', key: 'front' },
    [classOf('front', { controller: 'k8s.io/ingress-nginx' })],
    ['ingress-nginx/controller'],
  ],
  [
    'the pods of the usual controller of a class that nobody described',
    { kind: 'IngressClass', key: 'nginx' },
    [],
    ['ingress-nginx/controller'],
  ],
  [
    'the pods that an annotation names',
    { kind: 'IngressClass', key: 'mine' },
    [classOf('mine', { controller: 'k8s.io/ingress-nginx', servedBy: 'mine/app=proxy' })],
    ['mine/proxy'],
  ],
  [
    'nobody, for an annotation that cannot be understood',
    { kind: 'IngressClass', key: 'mine' },
    [classOf('mine', { servedBy: 'proxy' })],
    [],
  ],
  ['nobody, for a class that nobody knows', { kind: 'IngressClass', key: 'toString' }, [], []],
];

for (const [what, front, gateways, keys] of cases) {
  test(`${front.kind} ${front.key} is served by ${what}`, () => {
    assert.deepEqual(frontPods({ gateways, pods }, front), keys);
  });
}
