import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MultiNetworkPolicy } from '../../api/types/layer2.ts';
import type { Pod } from '../../api/types/core.ts';
import { parseAddress } from '../../lib/address.ts';
import { interfaceFacts, interfaceKey, podOfInterface } from '../attachments/interfaces.ts';
import { networksOfPolicy, policyForAnnotation } from './compile-multi.ts';
import { createPolicyModel } from './policy-model.ts';

const policy = (policyFor: string, spec: MultiNetworkPolicy['spec'] = {}): MultiNetworkPolicy => ({
  apiVersion: 'k8s.cni.cncf.io/v1beta1',
  kind: 'MultiNetworkPolicy',
  metadata: { name: 'p', namespace: 'shop', annotations: { [policyForAnnotation]: policyFor } },
  spec,
});
const pod = (name: string, app: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop', labels: { app } },
  spec: { containers: [] },
});

test('a policy names networks of its own namespace, and of others', () => {
  assert.deepEqual(networksOfPolicy(policy('a, other/b,a,')), ['shop/a', 'other/b']);
  assert.deepEqual(networksOfPolicy({ ...policy(''), metadata: { name: 'p' } }), []);
});

test('the key of an interface tells its pod', () => {
  assert.equal(podOfInterface(interfaceKey({ pod: 'shop/web', name: 'net1' })), 'shop/web');
});

/** What a policy decides about TCP port 80 of `shop/server net1`, by who asks. */
function decided(one: MultiNetworkPolicy, network = 'shop/a'): Record<string, string> {
  const model = createPolicyModel();
  model.setMultiPolicy('shop/p', one);
  const peers = { friend: 'shop/a', guest: 'shop/b', server: network } as const;
  for (const [name, on] of Object.entries(peers)) {
    const app = name === 'server' ? 'server' : 'friend';
    model.setPod(`shop/${name} net1`, interfaceFacts(pod(name, app), { network: on }));
  }
  const ask = (peer: { pod?: string; address: string }): string =>
    model.decide({
      direction: 'ingress',
      pod: 'shop/server net1',
      peer: { ...peer, address: parseAddress(peer.address) },
      protocol: 'TCP',
      port: 80,
    }).verdict;
  return {
    friend: ask({ pod: 'shop/friend net1', address: '192.168.20.2' }),
    guest: ask({ pod: 'shop/guest net1', address: '192.168.20.3' }),
    machine: ask({ address: '192.168.20.99' }),
  };
}

const friends = { podSelector: { matchLabels: { app: 'friend' } } };

test('a policy isolates the interfaces on its networks and no others', () => {
  const none = { podSelector: {}, policyTypes: ['Ingress' as const] };
  const nobody = { friend: 'denied', guest: 'denied', machine: 'denied' };
  const all = { friend: 'allowed', guest: 'allowed', machine: 'allowed' };
  assert.deepEqual(decided(policy('a', none)), nobody);
  assert.deepEqual(decided(policy('a', none), 'shop/other'), all);
  assert.deepEqual(decided(policy('', none)), all);
});

test('selectors mean pods by their interfaces on the networks of the policy', () => {
  const only = { friend: 'allowed', guest: 'denied', machine: 'denied' };
  assert.deepEqual(decided(policy('a', { ingress: [{ from: [friends] }] })), only);
  assert.deepEqual(decided(policy('a', { ingress: [{ from: [{ namespaceSelector: {} }] }] })), only);
  assert.deepEqual(decided(policy('a,b', { ingress: [{ from: [friends] }] })), { ...only, guest: 'allowed' });
});

test('blocks mean addresses, whoever has them; a rule without peers means everybody', () => {
  const block = { ipBlock: { cidr: '192.168.20.0/24', except: ['192.168.20.3/32'] } };
  const within = { friend: 'allowed', guest: 'denied', machine: 'allowed' };
  assert.deepEqual(decided(policy('a', { ingress: [{ from: [block] }] })), within);
  assert.deepEqual(decided(policy('a', { ingress: [{ ports: [{ port: 80 }] }] })), {
    ...within,
    guest: 'allowed',
  });
  assert.equal(decided(policy('a', { ingress: [{ from: [{}] }] }))['friend'], 'denied');
});

test('a label of a pod cannot pretend a network', () => {
  const facts = interfaceFacts(
    { ...pod('x', 'friend'), metadata: { name: 'x', namespace: 'shop', labels: { 'on network': 'shop/a' } } },
    { network: 'shop/b' },
  );
  assert.equal(facts?.labels['on network'], 'shop/b');
});
