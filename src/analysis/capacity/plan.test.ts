import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { parsePrefix, type Prefix } from '../../lib/prefix.ts';
import { batchesFor, blocksFor } from '../../model/addressing/demand.ts';
import { modelLimits, type ModelName } from './models.ts';
import { planCapacity } from './plan.ts';
import type { CapacityPlan, CapacityRequest } from './port.ts';

const prefix = (text: string): Prefix => parsePrefix(text) ?? assert.fail(text);

type Asked = Partial<Omit<CapacityRequest, 'pools'>> & {
  model: ModelName;
  nodes: number;
  maxPods?: number;
};

function plan({ nodes, maxPods, ...asked }: Asked): CapacityPlan {
  const pool = { nodes, maxPods: maxPods ?? modelLimits[asked.model].defaultMaxPods };
  return planCapacity({ surge: { nodes: 1 }, ...asked, pools: [pool] });
}

/** Worked examples of AKS' own planning pages, and what people met who had not planned. */
describe('addresses beside the nodes', () => {
  test('50 nodes of 30 pods take 1,581 addresses and a /21, 60 take 1,891', () => {
    const fifty = plan({ model: 'azure-cni', nodes: 50, subnet: prefix('10.240.0.0/21') });
    assert.deepEqual(
      { required: fifty.required, reserved: fifty.reserved, usable: fifty.usable, fits: fifty.fits },
      { required: 1581, reserved: 5, usable: 2043, fits: true },
    );
    assert.equal(fifty.smallestPrefix, 21);
    const sixty = plan({ model: 'azure-cni', nodes: 60 });
    assert.deepEqual([sixty.required, sixty.smallestPrefix, sixty.fits], [1891, 21, true]);
  });

  test('a /24 holds 8 nodes with 240 pods, which cannot be upgraded', () => {
    const { fits, maxNodes, maxPods, reasons, required } = plan({
      model: 'azure-cni',
      nodes: 8,
      subnet: prefix('10.240.0.0/24'),
    });
    assert.deepEqual(
      { fits, maxNodes, maxPods, required },
      { fits: false, maxNodes: 8, maxPods: 240, required: 279 },
    );
    assert.deepEqual(reasons, [
      'node subnet 10.240.0.0/24 has 251 addresses to give, and 279 are needed: (8 nodes + 1 for upgrades) x (30 pods + 1); it would fit with a /23, or with 7 nodes, or with at most 26 pods on a node',
    ]);
  });

  test('each change that a reason names is enough, and one step less is not', () => {
    const subnet = prefix('10.240.0.0/24');
    for (const enough of [
      { nodes: 7, subnet },
      { nodes: 8, subnet: prefix('10.240.0.0/23') },
      { nodes: 8, maxPods: 26, subnet },
    ]) {
      assert.ok(plan({ model: 'azure-cni', ...enough }).fits);
    }
    assert.ok(!plan({ model: 'azure-cni', nodes: 8, maxPods: 27, subnet }).fits);
  });

  test('10 nodes do not fit a /24 even without an upgrade: 310 of 251 (Azure/AKS#456)', () => {
    const { fits, required, usable } = plan({
      model: 'azure-cni',
      nodes: 10,
      surge: { nodes: 0 },
      subnet: prefix('172.16.0.0/24'),
    });
    assert.deepEqual({ fits, required, usable }, { fits: false, required: 310, usable: 251 });
  });

  test('two pools are upgraded with a node more each: 276 of 251 (Azure/AKS#1795)', () => {
    const { fits, required } = planCapacity({
      model: 'azure-cni',
      pools: [
        { nodes: 2, maxPods: 30 },
        { nodes: 2, maxPods: 60 },
      ],
      surge: { nodes: 1 },
      subnet: prefix('10.142.26.0/24'),
    });
    assert.deepEqual({ fits, required }, { fits: false, required: 276 });
  });

  test('few pods do not help: nodes hold their addresses whether or not pods have them (Azure/AKS#3221)', () => {
    const asked = { model: 'azure-cni', nodes: 8, subnet: prefix('10.1.0.0/24'), podsPerNode: 12 } as const;
    assert.equal(plan(asked).required, 279);
  });

  test('load balancers of the subnet count too', () => {
    assert.equal(plan({ model: 'azure-cni', nodes: 7, frontends: 4 }).required, 8 * 31 + 4);
  });
});

describe('a range cut into a /24 for each node', () => {
  test('a /24 holds 251 nodes of kubenet; a /16 for pods would hold 256', () => {
    const { maxNodes, required } = plan({ model: 'kubenet', nodes: 250, subnet: prefix('10.240.0.0/24') });
    assert.deepEqual({ maxNodes, required }, { maxNodes: 251, required: 251 });
    assert.equal(plan({ model: 'kubenet', nodes: 10, subnet: prefix('10.240.0.0/16') }).maxNodes, 256);
  });

  test('kubenet ends at the 400 routes of a table, less those that are somebody else’s', () => {
    const asked = { model: 'kubenet', podCidr: prefix('10.0.0.0/12') } as const;
    assert.equal(plan({ ...asked, nodes: 399 }).fits, true);
    assert.match(plan({ ...asked, nodes: 400 }).reasons.join(), /401 nodes, upgrades included, exceed 400/);
    assert.equal(plan({ ...asked, nodes: 10, otherRoutes: 25 }).maxNodes, 375);
  });

  test('4 nodes and one for upgrades take 1,280 of the 1,024 addresses of a /22 (Azure/AKS-Construction#701)', () => {
    const { fits, ranges, reasons } = plan({
      model: 'azure-cni-overlay',
      nodes: 4,
      subnet: prefix('10.240.0.0/24'),
      podCidr: prefix('10.240.100.0/22'),
    });
    assert.equal(fits, false);
    const pods = ranges.find(({ name }) => name === 'pod range');
    assert.deepEqual([pods?.required, pods?.usable, pods?.smallestPrefix], [1280, 1024, 21]);
    assert.match(reasons.join(), /it would fit with a \/21, or with 3 nodes$/);
  });

  test('overlay ends at 5,000 nodes', () => {
    const asked = { model: 'azure-cni-overlay', podCidr: prefix('10.0.0.0/8') } as const;
    assert.equal(plan({ ...asked, nodes: 4999 }).fits, true);
    assert.equal(plan({ ...asked, nodes: 5000 }).fits, false);
  });
});

describe('a subnet for pods', () => {
  test('batches: 8 pods hold 16 addresses, 9 hold 32, 25 hold 48', () => {
    assert.deepEqual([1, 8, 9, 24, 25].map(batchesFor), [16, 16, 32, 32, 48]);
  });

  test('static blocks: 30 and 31 pods take two, 32 take three', () => {
    assert.deepEqual(
      [15, 30, 31, 32].map((pods) => blocksFor(pods) / 16),
      [1, 2, 2, 3],
    );
  });

  test('a /24 of batches holds 15 nodes of 8 pods: what is left is less than a batch', () => {
    const asked = {
      model: 'azure-cni-dynamic',
      nodes: 14,
      podsPerNode: 8,
      podSubnet: prefix('10.241.0.0/24'),
    } as const;
    const { fits, maxNodes, maxPods, ranges, warnings } = plan(asked);
    assert.deepEqual([fits, maxNodes, maxPods], [true, 15, 120]);
    assert.equal(ranges[1]?.usable, 240);
    assert.match(warnings.join(), /full nodes would not fit/);
    assert.equal(plan({ ...asked, nodes: 15 }).fits, false);
  });

  test('static blocks are taken whole whatever pods run', () => {
    const asked = {
      model: 'azure-cni-dynamic',
      nodes: 3,
      maxPods: 32,
      podsPerNode: 1,
      staticBlocks: true,
    } as const;
    assert.equal(plan(asked).ranges[1]?.required, 4 * 48);
  });
});

describe('limits and rules', () => {
  test('a share of a pool is rounded up, and never more than it has', () => {
    const required = (nodes: number, percent: number): number =>
      plan({ model: 'azure-cni-overlay', nodes, surge: { percent } }).required;
    assert.deepEqual([required(10, 33), required(3, 10), required(2, 100), required(1, 500)], [14, 4, 4, 2]);
    assert.equal(plan({ model: 'azure-cni-overlay', nodes: 2, surge: { nodes: 9 } }).required, 4);
  });

  test('source ports of public addresses limit nodes: 1,000 of two addresses 128, 4,000 of seven 112', () => {
    const maxNodes = (portsPerNode: number, addresses: number): number =>
      plan({ model: 'azure-cni-overlay', nodes: 1, outbound: { portsPerNode, addresses } }).maxNodes;
    assert.deepEqual([maxNodes(1000, 2), maxNodes(4000, 7)], [128, 112]);
    const odd = { portsPerNode: 1001, addresses: 1 };
    assert.match(plan({ model: 'kubenet', nodes: 1, outbound: odd }).reasons.join(), /a multiple of 8/);
  });

  test('what the platform forbids is said, each with the range it is about', () => {
    const reasons = (asked: Partial<Asked>): string =>
      plan({ model: 'azure-cni', nodes: 1, ...asked }).reasons.join('\n');
    assert.match(
      reasons({ subnet: prefix('172.16.0.0/12') }),
      /overlaps 172\.30\.0\.0\/16[^]*overlaps 172\.31/,
    );
    assert.match(reasons({ subnet: prefix('10.0.0.0/30') }), /smaller than a \/29/);
    assert.match(reasons({ serviceCidr: prefix('10.0.0.0/12') }), /must be smaller than a \/12/);
    const both = { subnet: prefix('10.0.0.0/16'), serviceCidr: prefix('10.0.128.0/20') };
    assert.match(reasons(both), /node subnet 10\.0\.0\.0\/16 and service range 10\.0\.128\.0\/20 overlap/);
    assert.match(reasons({ maxPods: 251 }), /251 pods on a node: azure-cni allows 10 to 250/);
    assert.match(reasons({ maxPods: 9 }), /10 to 250/);
    assert.match(reasons({ nodes: 4000 }), /exceed the 65536 of a virtual network/);
    assert.equal(plan({ model: 'calico', nodes: 1, subnet: prefix('172.31.0.0/24') }).fits, true);
  });

  test('the most nodes fit, and one more does not, whatever is asked', () => {
    const models = Object.keys(modelLimits) as ModelName[];
    fc.assert(
      fc.property(
        fc.constantFrom(...models),
        fc.record({ length: fc.integer({ min: 20, max: 28 }), pods: fc.integer({ min: 10, max: 250 }) }),
        fc.record({ podLength: fc.integer({ min: 10, max: 20 }), isStatic: fc.boolean() }),
        (model, { length, pods }, { podLength, isStatic }) => {
          const asked = {
            model,
            maxPods: pods,
            surge: { nodes: 0 },
            subnet: prefix(`10.240.0.0/${length}`),
            podCidr: prefix(`100.64.0.0/${podLength}`),
            podSubnet: prefix(`10.128.0.0/${podLength}`),
            staticBlocks: isStatic,
          };
          const { maxNodes, maxPods } = plan({ ...asked, nodes: 1 });
          assert.equal(maxPods, maxNodes * pods);
          if (maxNodes > 0) assert.deepEqual(plan({ ...asked, nodes: maxNodes }).reasons, []);
          assert.equal(plan({ ...asked, nodes: maxNodes + 1 }).fits, false);
        },
      ),
    );
  });
});
