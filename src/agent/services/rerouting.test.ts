import assert from 'node:assert/strict';
import { test } from 'node:test';
import { servicePort } from '../../model/services/fixtures.ts';
import type { ServicePortModel } from '../../model/services/port.ts';
import { createRerouting } from './rerouting.ts';

const dns = servicePort({
  key: 'kube-system/dns:UDP/53',
  service: 'kube-system/dns',
  portName: '',
  protocol: 'UDP',
  port: 53,
  clusterIPs: ['10.96.0.10'],
});
const endpoints = (...addresses: string[]): ServicePortModel['endpoints'] =>
  addresses.map((address) => ({ address, port: 5353, nodeName: 'node-1', pod: undefined }));

/** What is told of one Service whose port takes these forms one after the other. */
function told(...forms: Partial<ServicePortModel>[]): boolean[] {
  const rerouting = createRerouting();
  return forms.map((form) => rerouting.set(dns.service, [{ ...dns, ...form }]));
}

test('flows are looked for when a UDP endpoint goes, not when others come', () => {
  const forms = [['a'], ['a', 'b'], ['a', 'b'], ['b']].map((names) => ({ endpoints: endpoints(...names) }));
  assert.deepEqual(told(...forms), [true, false, false, true]);
});

test('an endpoint that ends and still serves keeps its flows', () => {
  const both = { endpoints: endpoints('a', 'b') };
  const draining = { endpoints: endpoints('b'), draining: endpoints('a') };
  assert.deepEqual(told(both, draining, { endpoints: endpoints('b') }), [true, false, true]);
});

test('flows are looked for when endpoints come back after there were none', () => {
  assert.deepEqual(told({ endpoints: endpoints('a') }, { endpoints: [] }, { endpoints: endpoints('b') }), [
    true,
    true,
    true,
  ]);
});

test('flows are looked for when a Service gets an address or a node port that others may have had', () => {
  const one = { endpoints: endpoints('a') };
  assert.deepEqual(told(one, { ...one, nodePort: 30_053 }), [true, true]);
  assert.deepEqual(told(one, { ...one, externalAddresses: ['192.0.2.1'] }), [true, true]);
  assert.deepEqual(told(one, { ...one, clusterIPs: ['10.96.0.10', '10.96.0.11'] }), [true, true]);
});

test('a Service that left and came back is taken for another one', () => {
  const rerouting = createRerouting();
  const ports = [{ ...dns, endpoints: endpoints('a') }];
  assert.deepEqual(
    [ports, [], ports].map((form) => rerouting.set(dns.service, form)),
    [true, false, true],
  );
});

test('flows of other protocols are nobody’s concern', () => {
  assert.deepEqual(told({ protocol: 'TCP', endpoints: endpoints('a') }, { protocol: 'TCP', endpoints: [] }), [
    false,
    false,
  ]);
});
