import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../../api/types/meta.ts';
import { WeftError } from '../../lib/errors.ts';
import { expandManifests } from '../../model/workloads/expand.ts';
import { shopCluster } from '../testing/shop-cluster.ts';
import { resolveDestination, resolveSource } from './resolve.ts';

const cluster = await shopCluster();
const [webA = '', webB = ''] = [...cluster.pods.keys()].filter((key) => key.startsWith('shop/web-')).sort();
const [api = ''] = [...cluster.pods.keys()].filter((key) => key.startsWith('shop/api-'));

const sources: readonly [asked: string, names: string[]][] = [
  [webA, [webA]],
  ['shop/deploy/web', [webA, webB]],
  ['shop/sts/db', ['shop/db-0', 'shop/db-1']],
  ['shop/rs/' + webA.slice('shop/'.length, webA.lastIndexOf('-')), [webA, webB]],
  ['node:node-1', ['node:node-1']],
  ['internet', ['internet']],
  ['198.51.100.7', ['198.51.100.7']],
];

for (const [asked, names] of sources) {
  test(`${asked} as a source stands for ${names.length} by name`, () => {
    assert.deepEqual(
      resolveSource(cluster, asked).all.map(({ name }) => name),
      names,
    );
  });
}

const destinations: readonly [asked: string, names: string[]][] = [
  ['svc:shop/api', ['svc:shop/api:80']],
  ['svc:shop/api:81', ['svc:shop/api:81']],
  ['svc:shop/two:talk', ['svc:shop/two:53/udp']],
  ['svc:shop/two:http', ['svc:shop/two:80']],
  // A number is TCP, also where the Service has it for UDP only.
  ['svc:shop/two:53', ['svc:shop/two:53']],
  ['shop/deploy/web:http', [`${webA}:8080`, `${webB}:8080`]],
  [`${api}:53/udp`, [`${api}:53/udp`]],
  ['node:node-2:30080', ['node:node-2:30080']],
  ['internet:443', ['internet:443']],
  ['dns:api.example.com:443', ['dns:api.example.com:443']],
  ['[fd00::1]:80', ['[fd00::1]:80']],
  // Without an address it is only a name for its pods: nobody translates a number.
  ['svc:shop/db', ['shop/db-0:5432', 'shop/db-1:5432']],
  ['svc:shop/db:sql', ['shop/db-0:5432', 'shop/db-1:5432']],
  ['svc:shop/db:15432', ['shop/db-0:15432', 'shop/db-1:15432']],
];

for (const [asked, names] of destinations) {
  test(`${asked} as a destination is ${names.join(' and ')}`, () => {
    assert.deepEqual(
      resolveDestination(cluster, asked).all.map(({ name }) => name),
      names,
    );
  });
}

const mistakes: readonly [asked: string, code: string, hint: string][] = [
  ['shop/web:80', 'endpoint-unknown', 'did you mean shop/deployment/web?'],
  ['shop/db-7:80', 'endpoint-unknown', 'did you mean shop/db-0?'],
  ['shop/sts/dbs:80', 'endpoint-unknown', 'did you mean shop/statefulset/db?'],
  ['svc:shop/apis:80', 'endpoint-unknown', 'did you mean svc:shop/api?'],
  [
    'svc:nowhere/x:80',
    'endpoint-unknown',
    'there are svc:kube-system/kube-dns, svc:default/kubernetes, svc:shop/api, svc:shop/two, svc:shop/db, svc:shop/named',
  ],
  ['dns:api.shop.svc.cluster.local:80', 'endpoint-invalid', 'ask for svc:NAMESPACE/NAME'],
  ['node:other:80', 'endpoint-unknown', 'there are node:node-1, node:node-2, node:node-3'],
  ['svc:shop/two', 'port-unknown', 'its ports are :80 (http), :53/udp (talk)'],
  ['svc:shop/two:ftp', 'port-unknown', 'its ports are :80 (http), :53/udp (talk)'],
  [webA, 'port-unknown', 'its ports are :8080 (http)'],
  ['node:node-1', 'port-unknown', 'add a number, as in node:node-1:80'],
  ['svc:shop/named:80', 'service-without-address', 'ask for the address that the name has'],
];

for (const [asked, code, hint] of mistakes) {
  test(`${asked} is refused as ${code}, with what to do`, () => {
    assert.throws(() => resolveDestination(cluster, asked), {
      name: 'WeftError',
      code,
      hint,
      fault: 'input',
    });
  });
}

test('a Service is no source, nor is a domain name', () => {
  assert.throws(() => resolveSource(cluster, 'dns:api.example.com'), { code: 'endpoint-invalid' });
  assert.throws(() => resolveSource(cluster, 'svc:shop/api'), { code: 'endpoint-invalid' });
});

test('a virtual machine that is no end is told apart from one that is not there', () => {
  const machine = (name: string, ...addresses: string[]) => ({
    apiVersion: 'weft.dev/v1alpha1',
    kind: 'VirtualMachine',
    metadata: { name },
    spec: { interfaces: [{ name: 'eth0', segment: 'default', addresses }] },
  });
  const around = expandManifests([
    { apiVersion: 'weft.dev/v1alpha1', kind: 'Segment', metadata: { name: 'bare' } },
    machine('node-1', '172.20.7.7'),
    { ...machine('mute'), spec: { interfaces: [{ name: 'eth0', segment: 'bare' }] } } as KubernetesObject,
    machine('sensor', '172.20.7.8'),
  ]);
  const told = (asked: string): string => {
    try {
      return resolveDestination(around, asked).all[0].name;
    } catch (error) {
      if (!(error instanceof WeftError)) throw error;
      return `${error.code}: ${error.message} (${error.hint})`;
    }
  };
  assert.equal(told('vm:sensor:80'), 'vm:sensor:80');
  assert.equal(
    told('vm:node-1:80'),
    'endpoint-unknown: vm:node-1 is the machine of a node (ask for node:node-1)',
  );
  assert.match(
    told('vm:mute:80'),
    /^machine-without-address: vm:mute has no address \(give an interface of .* addresses/,
  );
  assert.match(
    told('vm:senser:80'),
    /^endpoint-unknown: there is no VirtualMachine vm:senser \(did you mean vm:sensor/,
  );
});
