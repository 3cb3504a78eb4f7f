import assert from 'node:assert/strict';
import { it } from 'node:test';
import { resources } from '../api/resources.ts';
import type { Endpoints, Service } from '../api/types/core.ts';
import type { EndpointSlice } from '../api/types/network.ts';
import { eventually } from '../client/client.compliance.ts';
import { inCluster } from './scenario.ts';

const metadata = { name: 'db', namespace: 'shop' };

const service: Service = { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ port: 5432 }] } };

const endpoints = (ips: readonly string[]): Endpoints => ({
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: { ...metadata, labels: { tier: 'data' } },
  subsets: [
    {
      addresses: ips.map((ip) => ({ ip })),
      notReadyAddresses: [{ ip: '192.0.2.9' }],
      ports: [{ port: 5432 }],
    },
  ],
});

const skip = { 'endpointslice.kubernetes.io/skip-mirror': 'true' };

it('mirrors the Endpoints of a Service without selector, by family, until they say not to', () =>
  inCluster({}, async ({ client }) => {
    const slices = client.informer(resources.endpointslices);
    const all = (): EndpointSlice[] =>
      [...slices.values()].toSorted((a, b) => (a.addressType < b.addressType ? -1 : 1));
    await client.create(resources.endpoints, endpoints(['192.0.2.1', '2001:db8::1']));
    await client.create(resources.services, service);
    await eventually(() => slices.size === 2, 'there is a slice for each family');
    const [four] = all();
    assert.deepEqual(
      four?.endpoints.map(({ addresses, conditions }) => [addresses[0], conditions?.ready]),
      [
        ['192.0.2.1', true],
        ['192.0.2.9', false],
      ],
    );
    assert.equal(four?.metadata.labels?.['kubernetes.io/service-name'], 'db');
    assert.equal(four?.metadata.labels?.['tier'], 'data');
    await client.patch(resources.endpoints, metadata, {
      body: { subsets: endpoints(['192.0.2.3']).subsets },
    });
    await eventually(
      () => slices.size === 1 && all()[0]?.endpoints[0]?.addresses[0] === '192.0.2.3',
      'the change is mirrored',
    );
    await client.patch(resources.endpoints, metadata, { body: { metadata: { labels: skip } } });
    await eventually(() => slices.size === 0, 'nothing is mirrored any more');
  }));
