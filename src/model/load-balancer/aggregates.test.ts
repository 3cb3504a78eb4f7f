import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Service } from '../../api/types/core.ts';
import type { BGPAdvertisement } from '../../api/types/load-balancer.ts';
import { formatRange } from '../../lib/prefix.ts';
import { createAggregates, type Aggregates } from './aggregates.ts';
import { balancedService, poolNamed } from './fixtures.ts';
import { poolsOf } from './pools.ts';

function advertisement(spec: BGPAdvertisement['spec'] = {}): BGPAdvertisement {
  return {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'BGPAdvertisement',
    metadata: { name: 'ad', namespace: 'metallb-system' },
    spec,
  };
}

function at(...ips: string[]): Service {
  const service = balancedService('web');
  return { ...service, status: { loadBalancer: { ingress: ips.map((ip) => ({ ip })) } } };
}

function withPools(): Aggregates {
  const aggregates = createAggregates();
  const ranges = ['198.51.100.0/24', '2001:db8:7::/120'];
  aggregates.setPools(poolsOf([poolNamed('public', ranges)]).pools);
  return aggregates;
}

const rangesOf = (aggregates: Aggregates): string[] => aggregates.current().map(formatRange);

test('what is announced together is told as ranges apart from each other, of both families', () => {
  const aggregates = withPools();
  aggregates.setService('shop/a', at('198.51.100.1', '2001:db8:7::1'));
  aggregates.setService('shop/b', at('198.51.100.2'));
  aggregates.setService('shop/c', at('198.51.100.200'));
  aggregates.setAdvertisements([
    advertisement({ aggregationLength: 26, aggregationLengthV6: 121 }),
    advertisement({ aggregationLength: 25 }),
  ]);
  assert.deepEqual(rangesOf(aggregates), ['198.51.100.0/24', '2001:db8:7::/121']);
});

test('single addresses, addresses of no pool and prefixes beyond the pool are no aggregates', () => {
  const aggregates = withPools();
  aggregates.setService('shop/a', at('198.51.100.1'));
  aggregates.setService('shop/far', at('192.0.2.1'));
  aggregates.setAdvertisements([advertisement(), advertisement({ aggregationLength: 23 })]);
  assert.deepEqual(rangesOf(aggregates), []);
});

test('an aggregate is there as long as an address in it is, and nothing new is told meanwhile', () => {
  const aggregates = withPools();
  aggregates.setAdvertisements([advertisement({ aggregationLength: 26 })]);
  aggregates.setService('shop/a', at('198.51.100.1'));
  const first = aggregates.current();
  aggregates.setService('shop/b', at('198.51.100.9'));
  aggregates.setService('shop/none', { ...at(), spec: { type: 'ClusterIP' } });
  assert.equal(aggregates.current(), first);
  aggregates.setService('shop/a', undefined);
  assert.equal(aggregates.current(), first);
  aggregates.setService('shop/b', undefined);
  assert.deepEqual(rangesOf(aggregates), []);
});
