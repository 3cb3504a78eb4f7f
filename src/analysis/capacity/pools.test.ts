import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatRange } from '../../lib/prefix.ts';
import { parsePool, planPools, type PoolRequest } from './pools.ts';

const hci: PoolRequest = {
  model: 'calico',
  // Three user interfaces on 443 and a database on 80, of which the document gives the addresses.
  site: {
    kind: 'hci',
    clusters: [
      { controlPlane: 3, workers: 5 },
      { controlPlane: 1, workers: 3 },
    ],
  },
  servicePorts: [443, 443, 443, 80],
  maxPods: 110,
};

describe('pools of addresses', () => {
  test('the example of two clusters takes 27 machines and 5 addresses for Services: two ports share one', () => {
    const { ranges, required, fits } = planPools(hci);
    assert.deepEqual(
      ranges.map((range) => range.required),
      [27, 5],
    );
    assert.deepEqual([required, fits], [27, true]);
  });

  test('a pool that is too short says by how many', () => {
    const { fits, reasons } = planPools({
      ...hci,
      nodePool: parsePool('10.0.0.10-10.0.0.35') ?? assert.fail(),
      vipPool: parsePool('10.0.1.0/30') ?? assert.fail(),
    });
    assert.equal(fits, false);
    assert.deepEqual(reasons, [
      'node pool 10.0.0.10-10.0.0.35 has 26 addresses to give, and 27 are needed: 3 of the host + 12 nodes + 2 clusters x 6 for updates and a load balancer; it would fit with 1 more',
      'vip pool 10.0.1.0/30 has 4 addresses to give, and 5 are needed: 2 API servers + 3 for 4 Services, which share addresses where their ports differ; it would fit with 1 more',
    ]);
  });

  test('pools that overlap are refused', () => {
    const { reasons } = planPools({
      ...hci,
      nodePool: parsePool('10.0.0.0/26') ?? assert.fail(),
      vipPool: parsePool('10.0.0.60-10.0.0.80') ?? assert.fail(),
    });
    assert.deepEqual(reasons, ['node pool and vip pool overlap: an address would have two owners']);
  });

  test('a pool with room holds more nodes', () => {
    const nodePool = parsePool('10.0.0.1-10.0.0.30') ?? assert.fail();
    const { maxNodes, maxPods } = planPools({ ...hci, nodePool });
    assert.deepEqual([maxNodes, maxPods], [15, 15 * 110]);
  });

  test('an edge device takes one address more than it has nodes, and one for its hub at least', () => {
    for (const [nodes, machines] of [
      [1, 2],
      [2, 3],
    ] as const) {
      const { ranges } = planPools({ ...hci, site: { kind: 'edge', nodes }, servicePorts: [] });
      assert.deepEqual(
        ranges.map(({ required }) => required),
        [machines, 1],
      );
    }
  });

  test('a pool is a range or a prefix of IPv4, the right way round', () => {
    const text = (pool: string): string | undefined => {
      const range = parsePool(pool);
      return range && formatRange(range);
    };
    assert.equal(text('10.0.0.5-10.0.0.9'), '10.0.0.5-10.0.0.9');
    assert.equal(text('10.0.0.0/29'), '10.0.0.0/29');
    for (const wrong of [
      '10.0.0.9-10.0.0.5',
      '10.0.0.5',
      'fd00::1-fd00::2',
      'fd00::/64',
      'a-b',
      '10.0.0.1-10.0.0.2-10.0.0.3',
    ])
      assert.equal(text(wrong), undefined, wrong);
  });
});
