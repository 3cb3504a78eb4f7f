import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { ClusterNetworkPolicy } from '../../api/types/policy.ts';
import { createFakeNftables } from '../../kernel/nft/fake.ts';
import { parseAddress } from '../../lib/address.ts';
import { createPolicyModel } from '../../model/policy/policy-model.ts';
import type { PolicyModel } from '../../model/policy/port.ts';
import { createPolicyNumbers } from '../../plan/policy/numbers.ts';
import { nodeTable } from '../../plan/policy/node-table.ts';
import { policySets } from '../../plan/policy/skeleton.ts';
import { createPolicyEnforcer, type PolicyEnforcer } from './policy-enforcer.ts';

const pods = Array.from({ length: 50 }, (_, index) => ({
  key: `shop/${index}`,
  address: `10.244.0.${index}`,
}));
const names: ClusterNetworkPolicy = {
  apiVersion: 'policy.networking.k8s.io/v1alpha2',
  kind: 'ClusterNetworkPolicy',
  metadata: { name: 'names' },
  spec: {
    tier: 'Admin',
    priority: 1,
    subject: { namespaces: {} },
    egress: [
      { action: 'Accept', to: [{ domainNames: ['*.example.com'] }] },
      { action: 'Accept', to: [{ networks: Array.from({ length: 40 }, (_, at) => `198.18.${at}.0/25`) }] },
      { action: 'Deny', to: [{ networks: ['0.0.0.0/0'] }] },
    ],
  },
};

describe('rows of policies with domain names', () => {
  let model: PolicyModel;
  let enforcer: PolicyEnforcer;
  let inKernel: (set: 'rows' | 'row-addresses') => string[];

  const name = (count: number): void => {
    const addresses = Array.from({ length: count }, (_, index) => parseAddress(`203.0.113.${index}`));
    model.setDomain(
      'www.example.com',
      addresses.filter((address) => address !== undefined),
    );
  };
  /** How many elements the kernel was sent, with these pods on the node. */
  const program = (present = pods): number => {
    model.takeChanges();
    for (const pod of pods) {
      const { key, address } = pod;
      const running = present.includes(pod) ? { uid: key, addresses: [address] } : undefined;
      enforcer.setLocalPod(key, running, model.policyOf(key));
    }
    return enforcer.commit();
  };

  beforeEach(() => {
    model = createPolicyModel();
    for (const { key } of pods) model.setPod(key, { namespace: 'shop', labels: {}, namedPorts: [] });
    model.setClusterPolicy('ClusterNetworkPolicy', 'names', names);
    const nft = createFakeNftables();
    enforcer = createPolicyEnforcer({
      nft,
      netns: 'n',
      family: 'IPv4',
      residents: [],
      numbers: createPolicyNumbers(),
      classAt: () => 0,
      layout: nodeTable({ podLinks: 'pod*', family: 'IPv4', tunnels: [] }),
      linkOf: () => 'pod1',
    });
    enforcer.start();
    inKernel = (set) =>
      [...nft.elements('n', { family: 'ip', table: 'weft-policy', set }, policySets.IPv4[set])].map(
        ({ key }) => String(key[1]),
      );
    name(100);
    program();
  });

  test('one more address of a name is one more element, however many pods, ranges and other addresses there are', () => {
    assert.ok(inKernel('rows').length >= 40);
    assert.equal(inKernel('row-addresses').length, 100);
    name(101);
    assert.equal(program(), 1);
    assert.ok(inKernel('row-addresses').includes('203.0.113.100'));
    name(100);
    assert.equal(program(), 1);
    assert.ok(!inKernel('row-addresses').includes('203.0.113.100'));
  });

  test('a row is there as long as one pod has it', () => {
    program(pods.slice(0, 1));
    assert.equal(inKernel('row-addresses').length, 100);
    program([]);
    enforcer.tidy();
    assert.deepEqual([inKernel('rows'), inKernel('row-addresses')], [[], []]);
    program();
    assert.equal(inKernel('row-addresses').length, 100);
    assert.equal(enforcer.repair(), 0);
  });
});
