import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeNftables } from '../../kernel/nft/fake.ts';
import { hash32 } from '../../lib/hash.ts';
import type { ServicePortModel } from '../../model/services/port.ts';
import { ElementLedger } from '../elements/ledger.ts';
import { createServicePlanner, serviceSetTypes } from './elements.ts';
import { emptySize, growServices, servicesSkeleton, servicesTables } from './skeleton.ts';

function port(endpoints: readonly string[], extra: Partial<ServicePortModel> = {}): ServicePortModel {
  return {
    key: 'default/web:TCP/80',
    family: 'IPv4',
    service: 'default/web',
    portName: 'http',
    protocol: 'TCP',
    port: 80,
    clusterIPs: ['10.96.7.7'],
    nodePort: undefined,
    endpoints: endpoints.map((address) => ({ address, port: 8080, nodeName: undefined, pod: undefined })),
    ...extra,
  };
}

const [first, second, third] = ['10.244.0.1', '10.244.0.2', '10.244.0.3'];

test('every endpoint has a slot, and the chain is that of their number', () => {
  const elements = createServicePlanner().elementsOf([port([first, second])], 'IPv4');
  const valueIn = (set: string): unknown => elements.find((element) => element.set === set)?.value;
  assert.deepEqual(valueIn('service-chains'), { verdict: 'goto', chain: 'of-2' });
  assert.deepEqual(valueIn('slot-0'), [first, 8080]);
  assert.deepEqual(valueIn('slot-1'), [second, 8080]);
});

test('a node port shares the number and the endpoints of its Service', () => {
  const elements = createServicePlanner().elementsOf([port([first], { nodePort: 30_080 })], 'IPv4');
  const numbers = elements.filter(({ set }) => set.endsWith('-ids')).map(({ value }) => value);
  const number = hash32('default/web:TCP/80');
  assert.deepEqual(numbers, [[number], [number]]);
  assert.equal(elements.filter(({ set }) => set === 'slot-0').length, 1);
});

test('service-ports have numbers of their own, and the same ones in the next process', () => {
  // Both texts have the same hash.
  const ports = ['costarring', 'liquid'].map((key) => port([first], { key }));
  const numbersOf = (): unknown[] =>
    createServicePlanner()
      .elementsOf(ports, 'IPv4')
      .filter(({ set }) => set === 'service-ids')
      .map(({ value }) => value);
  assert.deepEqual(numbersOf(), [[hash32('liquid')], [hash32('liquid') + 1]]);
  assert.deepEqual(numbersOf(), numbersOf());
});

test('without endpoints the address is known, for the filter to reject, and nothing is translated', () => {
  const elements = createServicePlanner().elementsOf([port([], { nodePort: 30_080 })], 'IPv4');
  assert.deepEqual(
    elements.map(({ set }) => set),
    ['cluster-addresses', 'unserved-node-ports'],
  );
});

test('an endpoint that goes costs its own elements, whatever else there is', () => {
  const planner = createServicePlanner();
  const ledger = new ElementLedger(servicesTables.IPv4, serviceSetTypes('IPv4'));
  ledger.set('default/web', planner.elementsOf([port([first, second, third])], 'IPv4'));
  const changes = ledger.set('default/web', planner.elementsOf([port([first, third])], 'IPv4'));
  const number = hash32('default/web:TCP/80');
  assert.deepEqual(
    changes.map(({ action, set, element }) => `${action} ${set} ${element.key.join(' ')}`).toSorted(),
    [
      'add service-chains 10.96.7.7 tcp 80',
      `add slot-1 ${number}`,
      `delete hairpin ${second} ${second}`,
      'delete service-chains 10.96.7.7 tcp 80',
      `delete slot-1 ${number}`,
      `delete slot-2 ${number}`,
    ],
  );
});

test('the table grows to any number of endpoints, and growing again changes nothing', () => {
  const nft = createFakeNftables();
  const node = {
    nodeAddress: '172.20.1.1',
    tunnelAddress: '10.244.0.0',
    tunnelLink: 'vxlan.calico',
    podCidr: '10.244.0.0/16',
    serviceCidr: '10.96.0.0/12',
  };
  nft.run('node', servicesSkeleton(node));
  const growth = growServices(emptySize, [1, 9], 'IPv4');
  assert.ok(growth);
  assert.equal(growth.size.slots, 16);
  nft.run('node', growth.commands);
  nft.run('node', growth.commands);
  assert.equal(growServices(growth.size, [9, 1, 0], 'IPv4'), undefined);
  const ledger = new ElementLedger(servicesTables.IPv4, serviceSetTypes('IPv4'));
  const endpoints = Array.from({ length: 9 }, (_, i) => `10.244.1.${i + 1}`);
  nft.change('node', ledger.set('default/web', createServicePlanner().elementsOf([port(endpoints)], 'IPv4')));
  assert.equal(
    nft.elements(
      'node',
      { ...servicesTables.IPv4, set: 'slot-8' },
      serviceSetTypes('IPv4')['slot-8'] ?? { key: [] },
    ).length,
    1,
  );
});

test('each table has the elements of its own family only', () => {
  const planner = createServicePlanner();
  const ports = [
    port([first], { nodePort: 30_080 }),
    port(['fd00:10:244::1', 'fd00:10:244::2'], {
      key: 'default/web:TCP/80 IPv6',
      family: 'IPv6',
      clusterIPs: ['fd00:10:96::7'],
      nodePort: 30_080,
    }),
  ];
  const chains = (family: 'IPv4' | 'IPv6'): unknown[] =>
    planner
      .elementsOf(ports, family)
      .filter(({ set }) => set.endsWith('-chains'))
      .map(({ key, value }) => [...key, value]);
  assert.deepEqual(chains('IPv4'), [
    ['10.96.7.7', 'tcp', 80, { verdict: 'goto', chain: 'of-1' }],
    ['tcp', 30_080, { verdict: 'goto', chain: 'of-1' }],
  ]);
  assert.deepEqual(chains('IPv6'), [
    ['fd00:10:96::7', 'tcp', 80, { verdict: 'goto', chain: 'of-2' }],
    ['tcp', 30_080, { verdict: 'goto', chain: 'of-2' }],
  ]);
  assert.equal(planner.elementsOf(ports, 'IPv6'), planner.elementsOf(ports, 'IPv6'));
});
