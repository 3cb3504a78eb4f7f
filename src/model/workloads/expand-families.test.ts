import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServiceSpec } from '../../api/types/core.ts';
import type { Family } from '../../lib/address.ts';
import type { Cluster } from '../cluster.ts';
import { networkConfigOf } from '../network/config.ts';
import { expandManifests } from './expand.ts';
import { makeDeployment, makeService } from './testing.ts';

function expand(families: readonly Family[], spec: Partial<ServiceSpec> = {}): Cluster {
  const objects = [makeDeployment('web', { replicas: 1 }), makeService('web', spec)];
  return expandManifests(objects, { nodes: 1, config: networkConfigOf(undefined, families) });
}

/** What there is of the Service, family by family: addresses, and how many endpoints of which kind. */
function serviceOf({ services, endpointSlices }: Cluster): unknown {
  const [service] = services.values();
  return {
    families: service?.spec.ipFamilies,
    addresses: service?.spec.clusterIPs?.map((address) => (address.includes(':') ? 'IPv6' : 'IPv4')),
    slices: [...endpointSlices.values()].map(({ addressType }) => addressType).toSorted(),
  };
}

test('nodes and pods have an address of each family, the primary one first', () => {
  const { nodes, pods } = expand(['IPv6', 'IPv4']);
  const [node] = nodes.values();
  const [pod] = pods.values();
  assert.deepEqual(node?.spec?.podCIDRs, ['fd00:10:244::/64', '10.244.0.0/24']);
  assert.deepEqual(
    node?.status?.addresses?.slice(0, 2).map(({ address }) => address),
    ['fd00:172:20::101', '172.20.1.1'],
  );
  assert.equal(pod?.status?.podIP, 'fd00:10:244::1');
  assert.deepEqual(pod?.status?.podIPs, [{ ip: 'fd00:10:244::1' }, { ip: '10.244.0.1' }]);
  assert.deepEqual(pod?.status?.hostIPs, [{ ip: 'fd00:172:20::101' }, { ip: '172.20.1.1' }]);
});

const dual = ['IPv4', 'IPv6'] as const;
const cases: readonly [name: string, families: readonly Family[], spec: Partial<ServiceSpec>, Family[]][] = [
  ['a Service that says nothing has the primary family', dual, {}, ['IPv4']],
  ['also where that is IPv6', ['IPv6', 'IPv4'], {}, ['IPv6']],
  ['one that names a family has it', dual, { ipFamilies: ['IPv6'] }, ['IPv6']],
  ['one that prefers both has both', dual, { ipFamilyPolicy: 'PreferDualStack' }, ['IPv4', 'IPv6']],
  ['and one only where there is one', ['IPv6'], { ipFamilyPolicy: 'PreferDualStack' }, ['IPv6']],
  [
    'its own order counts',
    dual,
    { ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv6'] },
    ['IPv6', 'IPv4'],
  ],
  [
    'an address that is asked for says the family',
    dual,
    { clusterIP: 'fd00:10:96::77', ipFamilyPolicy: 'PreferDualStack' },
    ['IPv6', 'IPv4'],
  ],
];

for (const [name, families, spec, expected] of cases) {
  test(name, () => {
    const wanted = { families: expected, addresses: expected, slices: expected.toSorted() };
    assert.deepEqual(serviceOf(expand(families, spec)), wanted);
  });
}

test('a headless Service has slices of its families, and no address', () => {
  const cluster = expand(dual, { clusterIP: 'None', ipFamilyPolicy: 'RequireDualStack' });
  const [service] = cluster.services.values();
  assert.deepEqual(service?.spec.clusterIPs, ['None']);
  assert.deepEqual([...cluster.endpointSlices.values()].map(({ addressType }) => addressType).toSorted(), [
    ...dual,
  ]);
});
