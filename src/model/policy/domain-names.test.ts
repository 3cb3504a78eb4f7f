import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterNetworkPolicy } from '../../api/types/policy.ts';
import { createPolicyModel } from './policy-model.ts';

function accepting(domainNames: string[]): ClusterNetworkPolicy {
  return {
    apiVersion: 'policy.networking.k8s.io/v1alpha2',
    kind: 'ClusterNetworkPolicy',
    metadata: { name: 'names' },
    spec: {
      tier: 'Admin',
      priority: 1,
      subject: { namespaces: {} },
      egress: [
        { action: 'Accept', to: [{ domainNames }] },
        { action: 'Deny', to: [{ networks: ['0.0.0.0/0'] }] },
      ],
    },
  };
}

test('names come into use with the first policy that has them, and go out of it with the last', () => {
  const model = createPolicyModel();
  const set = (name: string, names: string[] | undefined): void =>
    model.setClusterPolicy('ClusterNetworkPolicy', name, names && accepting(names));
  set('one', ['*.Example.com', 'api.test.']);
  assert.deepEqual(model.takeDomainChanges(), { added: ['*.example.com', 'api.test'], removed: [] });
  set('two', ['*.example.com']);
  set('one', ['www.test']);
  assert.deepEqual(model.takeDomainChanges(), { added: ['www.test'], removed: ['api.test'] });
  set('two', undefined);
  set('one', undefined);
  assert.deepEqual(model.takeDomainChanges(), { added: [], removed: ['*.example.com', 'www.test'] });
  assert.deepEqual(model.takeDomainChanges(), { added: [], removed: [] });
});

test('a packet is decided as if its address had a name, where it is asked so', () => {
  const model = createPolicyModel();
  model.setPod('shop/client', { namespace: 'shop', labels: {}, namedPorts: [] });
  model.setClusterPolicy('ClusterNetworkPolicy', 'names', accepting(['*.example.com']));
  const verdict = (domains: readonly string[] | 'any' | undefined): string =>
    model.decide({
      direction: 'egress',
      pod: 'shop/client',
      peer: { address: { family: 'IPv4', value: 0xc6336407n }, domains },
      protocol: 'TCP',
      port: 443,
    }).verdict;
  assert.equal(verdict(undefined), 'denied');
  assert.equal(verdict(['a.b.example.com']), 'allowed');
  assert.equal(verdict(['example.com', 'www.example.org']), 'denied');
  assert.equal(verdict('any'), 'allowed');
});
