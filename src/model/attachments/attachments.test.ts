import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../../api/types/core.ts';
import type { VirtualMachine } from '../../api/types/fabric.ts';
import type { NetworkAttachmentDefinition, Segment } from '../../api/types/layer2.ts';
import { domainsOf } from '../fabric/layer2/domains.ts';
import { attachmentsOf, type Attachment } from './attachments.ts';
import { networksAnnotation, selectionsOf } from './selection.ts';

const pod = (networks: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'shop', uid: 'u', annotations: { [networksAnnotation]: networks } },
  spec: { nodeName: 'node-1', containers: [] },
});
const cameras: Segment = {
  apiVersion: 'weft.dev/v1alpha1',
  kind: 'Segment',
  metadata: { name: 'cameras' },
  spec: {
    prefix: '192.168.20.0/24',
    gateway: '192.168.20.1',
    pools: [{ name: 'pods', range: '192.168.20.50/31' }],
  },
};
const node: VirtualMachine = {
  apiVersion: 'weft.dev/v1alpha1',
  kind: 'VirtualMachine',
  metadata: { name: 'node-1' },
  spec: { interfaces: [{ name: 'Port3', segment: 'cameras' }] },
};

function attached(config: unknown, selection = 'net'): readonly Attachment[] | string {
  const definition: NetworkAttachmentDefinition = {
    apiVersion: 'k8s.cni.cncf.io/v1',
    kind: 'NetworkAttachmentDefinition',
    metadata: { name: 'net', namespace: 'shop' },
    spec: { config: typeof config === 'string' ? config : JSON.stringify(config) },
  };
  return attachmentsOf(pod(selection), {
    definitions: new Map([['shop/net', definition]]),
    domains: domainsOf([cameras], []),
    machines: new Map([['node-1', node]]),
  });
}

/** What is wrong, where something is. */
const whyNot = (found: unknown): string => (typeof found === 'string' ? found : '');

test('both forms of the annotation say the same', () => {
  const words = selectionsOf(pod('a, other/b@data'));
  const json = selectionsOf(pod('[{"name":"a"},{"name":"b","namespace":"other","interface":"data"}]'));
  assert.deepEqual(words, json);
  assert.deepEqual(
    Array.from(
      typeof words === 'string' ? [] : words,
      (one) => `${one.namespace}/${one.name}@${one.interface}`,
    ),
    ['shop/a@net1', 'other/b@data'],
  );
});

test('what the annotation cannot mean is said', () => {
  for (const [text, why] of [
    ['a/b/c', /is not \[NAMESPACE\/\]NAME/],
    ['[{"name":1}]', /has no name/],
    ['[{]', /is not a JSON list/],
    ['a@eth0', /the interface eth0 is there already/],
    ['[{"name":"a","mac":"nonsense"}]', /is not a link-layer address/],
    ['[{"name":"a","default-route":["10.0.0.1"]}]', /default-route is not supported/],
  ] as const) {
    assert.match(whyNot(selectionsOf(pod(text))), why, text);
  }
});

test('each type of configuration leads to a segment', () => {
  for (const config of [
    { type: 'macvlan', master: 'Port3' },
    { type: 'ipvlan', master: 'Port3' },
    { type: 'bridge', bridge: 'cameras' },
    { type: 'weft', segment: 'cameras' },
    { plugins: [{ type: 'bridge', bridge: 'cameras' }, { type: 'tuning' }] },
  ]) {
    const found = attached(config);
    assert.equal(typeof found === 'string' ? found : found[0]?.domain.key, 'Segment/cameras');
  }
  assert.match(whyNot(attached({ type: 'macvlan', master: 'Port9' })), /node-1 has no interface Port9/);
  assert.match(whyNot(attached({ type: 'sriov' })), /type "sriov" is not known/);
  assert.match(whyNot(attached('')), /is not a CNI configuration/);
});

test('addresses come from where ipam says, and those that the pod asks for before them', () => {
  const wants = (ipam: object, selection?: string): unknown => {
    const found = attached({ type: 'bridge', bridge: 'cameras', ipam }, selection);
    return typeof found === 'string' ? found : found[0]?.demands.map(({ want }) => want);
  };
  assert.deepEqual(wants({}), []);
  assert.deepEqual(wants({ type: 'static', addresses: [{ address: '192.168.20.9/24' }] }), [
    { address: '192.168.20.9' },
  ]);
  const asked = '[{"name":"net","ips":["192.168.20.60/24"]}]';
  assert.deepEqual(wants({ type: 'weft', pool: 'pods' }, asked), [{ address: '192.168.20.60' }]);
  assert.match(whyNot(wants({ type: 'dhcp' })), /Segment\/cameras has no DHCP range/);
  assert.match(whyNot(wants({ type: 'weft', pool: 'none' })), /has no pool "none"/);
  assert.match(
    whyNot(wants({ type: 'host-local', subnet: '10.0.0.0/24', rangeStart: '10.0.1.1' })),
    /is no range of 10/,
  );
});

test('routes without a next hop are by the gateway', () => {
  const routes = [{ dst: '10.1.0.0/16' }, { dst: '10.2.0.0/16', gw: '192.168.20.2' }];
  const found = attached({ type: 'bridge', bridge: 'cameras', ipam: { routes } });
  assert.deepEqual(typeof found === 'string' ? found : found[0]?.routes, [
    { destination: '10.1.0.0/16', via: '192.168.20.1' },
    { destination: '10.2.0.0/16', via: '192.168.20.2' },
  ]);
});
