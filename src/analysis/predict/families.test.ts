import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../../api/types/meta.ts';
import type { NetworkPolicySpec } from '../../api/types/network.ts';
import { makePod, makeService } from '../../model/workloads/testing.ts';
import type { Cluster } from '../../model/cluster.ts';
import { networkConfigOf } from '../../model/network/config.ts';
import { expandManifests } from '../../model/workloads/expand.ts';
import type { FlowEnd } from '../flow.ts';
import { liveCells } from '../reach/live-cells.ts';
import { reach } from '../reach/reach.ts';
import { predict } from './predict.ts';

/*
 * a and b on the only node, 172.20.1.1 and fd00:172:20::101:
 *
 *     a  10.244.0.1  fd00:10:244::1
 *     b  10.244.0.2  fd00:10:244::2
 */
function dualStack(more: readonly KubernetesObject[] = []): Cluster {
  const pods = ['a', 'b'].map((name) => makePod(name, { labels: { app: name } }));
  const config = networkConfigOf(undefined, ['IPv4', 'IPv6']);
  return expandManifests([...pods, ...more], { nodes: 1, config });
}

const ingressPolicy = (spec: NetworkPolicySpec['ingress']): KubernetesObject =>
  ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'p', namespace: 'shop' },
    spec: { podSelector: { matchLabels: { app: 'b' } }, policyTypes: ['Ingress'], ingress: spec },
  }) as KubernetesObject;

const [a, b]: FlowEnd[] = ['shop/a', 'shop/b'].map((key) => ({ kind: 'pod', key }));
const asked = { protocol: 'TCP', port: 8080 } as const;

test('the first family that both ends have is taken, unless one is asked for', () => {
  assert.ok(a && b);
  const cluster = dualStack();
  const pathOf = (family?: 'IPv6'): string | undefined =>
    predict(cluster, { source: a, destination: b, ...asked, ...(family && { family }) }).outcomes[0]?.path[0]
      ?.packet;
  assert.equal(pathOf(), 'TCP 10.244.0.1 -> 10.244.0.2:8080');
  assert.equal(pathOf('IPv6'), 'TCP fd00:10:244::1 -> [fd00:10:244::2]:8080');
});

test('an address decides the family, and one that the source has not leads nowhere', () => {
  assert.ok(a && b);
  const cluster = dualStack([makeService('web', { ipFamilies: ['IPv6'] })]);
  const toOutside = predict(cluster, {
    source: a,
    destination: { kind: 'address', address: '2001:db8::9' },
    ...asked,
  });
  assert.equal(toOutside.outcomes[0]?.sourceSeen, 'fd00:172:20::101');
  const outside = { kind: 'address', address: '203.0.113.10' } as const;
  const { verdict, why } = predict(cluster, {
    source: outside,
    destination: { kind: 'service', key: 'shop/web' },
    ...asked,
  });
  assert.equal(verdict, 'unreachable');
  assert.match(why ?? '', /no address of the family/);
});

test('a machine outside with two addresses uses the one of the right family', () => {
  const cluster = dualStack();
  const source = { kind: 'address', address: '203.0.113.10', alternative: '2001:db8:113::10' } as const;
  const [outcome] = predict(cluster, {
    source,
    destination: { kind: 'address', address: 'fd00:172:20::101' },
    ...asked,
  }).outcomes;
  assert.equal(outcome?.path[0]?.packet, 'TCP 2001:db8:113::10 -> [fd00:172:20::101]:8080');
});

test('reach has rows of both families, and says where they disagree', () => {
  const cluster = dualStack([ingressPolicy([{ from: [{ ipBlock: { cidr: 'fd00:10:244::/64' } }] }])]);
  const { connections, unknown } = reach(cluster, { level: 'pod' });
  assert.deepEqual(
    connections.map(({ source, destination }) => `${source} => ${destination}`),
    [
      '0.0.0.0/0 => shop/a',
      '::/0 => shop/a',
      'fd00:10:244::/64 => shop/b',
      'shop/a => 0.0.0.0/0',
      'shop/a => ::/0',
      'shop/a => shop/b',
      'shop/b => 0.0.0.0/0',
      'shop/b => ::/0',
      'shop/b => shop/a',
    ],
  );
  assert.deepEqual(unknown, [
    { source: 'shop/a', destination: 'shop/b', why: 'it depends on the address family: nothing or all' },
  ]);
});

test('a live matrix asks each pair in every family that both speak', () => {
  const cluster = dualStack([
    makeService('four'),
    makeService('both', { ipFamilyPolicy: 'RequireDualStack' }),
  ]);
  const { cells } = liveCells(cluster);
  const familiesTo = (key: string): unknown[] => [
    ...new Set(cells.filter(({ destination }) => destination.key === key).map(({ family }) => family)),
  ];
  assert.deepEqual(familiesTo('shop/b'), ['IPv4', 'IPv6']);
  assert.deepEqual(familiesTo('shop/four'), ['IPv4']);
  assert.deepEqual(familiesTo('shop/both'), ['IPv4', 'IPv6']);
});
