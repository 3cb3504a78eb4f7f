import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeNftables } from '../../kernel/nft/fake.ts';
import { hash32 } from '../../lib/hash.ts';
import { masqueradeOf } from '../../model/network/masquerade.ts';
import type { ServicePortModel } from '../../model/services/port.ts';
import { servicePort } from '../../model/services/fixtures.ts';
import { ElementLedger } from '../elements/ledger.ts';
import type { PlannedElement } from '../elements/planned-elements.ts';
import { createServicePlanner, serviceSetTypes, type PlannedNode } from './elements.ts';
import { servicesSkeleton, servicesTables } from './skeleton.ts';
import { emptySize, growServices, type SlotChain } from './slots.ts';

function port(endpoints: readonly string[], extra: Partial<ServicePortModel> = {}): ServicePortModel {
  return servicePort({
    endpoints: endpoints.map((address) => ({ address, port: 8080, nodeName: undefined, pod: undefined })),
    ...extra,
  });
}

const node: PlannedNode = { name: 'node-1', zone: undefined, addresses: ['172.20.1.1'] };

function elementsOf(
  ports: readonly ServicePortModel[],
  planner = createServicePlanner(),
): readonly PlannedElement[] {
  return planner.plan('default/web', ports, 'IPv4', node).elements;
}

const chains = (...counts: number[]): SlotChain[] =>
  counts.map((count) => ({ count, affinitySeconds: undefined }));

const [first, second, third] = ['10.244.0.1', '10.244.0.2', '10.244.0.3'];

test('every endpoint has a slot, and the chain is that of their number', () => {
  const elements = elementsOf([port([first, second])]);
  const valueIn = (set: string): unknown => elements.find((element) => element.set === set)?.value;
  assert.deepEqual(valueIn('service-chains'), { verdict: 'goto', chain: 'of-2' });
  assert.deepEqual(valueIn('slot-0'), [first, 8080]);
  assert.deepEqual(valueIn('slot-1'), [second, 8080]);
});

test('a node port shares the number and the endpoints of its Service', () => {
  const elements = elementsOf([port([first], { nodePort: 30_080 })]);
  const numbers = elements.filter(({ set }) => set.endsWith('-ids')).map(({ value }) => value);
  assert.equal(numbers.length, 2);
  assert.deepEqual(numbers[0], numbers[1]);
  assert.equal(elements.filter(({ set }) => set === 'slot-0').length, 1);
});

test('service-ports have numbers of their own, and the same ones in the next process', () => {
  // Both texts have the same hash.
  const ports = ['costarring', 'liquid'].map((key) => port([first], { key }));
  const numbersOf = (): unknown[] =>
    elementsOf(ports)
      .filter(({ set }) => set === 'service-ids')
      .map(({ value }) => value);
  assert.deepEqual(numbersOf(), [[hash32('liquid')], [hash32('liquid') + 1]]);
  assert.deepEqual(numbersOf(), numbersOf());
});

test('without endpoints the address is known, for the filter to reject, and nothing is translated', () => {
  const elements = elementsOf([port([], { nodePort: 30_080 })]);
  assert.deepEqual(
    elements.map(({ set }) => set),
    ['cluster-addresses', 'unserved-node-ports'],
  );
});

test('an endpoint that goes costs its own elements, whatever else there is', () => {
  const planner = createServicePlanner();
  const ledger = new ElementLedger(servicesTables.IPv4, serviceSetTypes('IPv4'));
  ledger.set('default/web', elementsOf([port([first, second, third])], planner));
  const id = String(hash32('default/web:TCP/80'));
  const changes = ledger.set('default/web', elementsOf([port([first, third])], planner));
  assert.deepEqual(
    changes
      .map(({ action, set, element }) => `${action} ${set} ${element.key.join(' ')}`.replace(id, 'ID'))
      .toSorted(),
    [
      'add service-chains 10.96.7.7 tcp 80',
      'add slot-1 ID',
      `delete hairpin ${second} ${second}`,
      'delete service-chains 10.96.7.7 tcp 80',
      'delete slot-1 ID',
      'delete slot-2 ID',
    ],
  );
});

test('an endpoint that comes in the middle of many costs its own elements, too', () => {
  const planner = createServicePlanner();
  const ledger = new ElementLedger(servicesTables.IPv4, serviceSetTypes('IPv4'));
  const addresses = Array.from({ length: 40 }, (_, number) => `10.244.0.${number + 10}`);
  ledger.set('default/web', elementsOf([port(addresses)], planner));
  const changes = ledger.set('default/web', elementsOf([port([first, ...addresses])], planner));
  assert.deepEqual(changes.map(({ action, set }) => `${action} ${set}`).toSorted(), [
    'add hairpin',
    'add service-chains',
    'add slot-40',
    'delete service-chains',
  ]);
});

test('the table grows to any number of endpoints, and growing again changes nothing', () => {
  const nft = createFakeNftables();
  const node = {
    nodeAddress: '172.20.1.1',
    linkAddresses: [{ link: 'vxlan.calico', address: '10.244.0.0' }],
    masquerade: masqueradeOf(
      { config: { model: 'calico', podCidrs: ['10.244.0.0/16'] }, networkSpace: [] },
      'IPv4',
    ),
    serviceCidr: '10.96.0.0/12',
    masqueradeAll: false,
    tunnels: [{ link: 'eth0', port: 4789, vni: 4096 }],
  };
  nft.run('node', servicesSkeleton(node));
  const growth = growServices(emptySize, chains(1, 9), 'IPv4');
  assert.ok(growth);
  assert.equal(growth.size.slots, 16);
  nft.run('node', growth.commands);
  nft.run('node', growth.commands);
  assert.equal(growServices(growth.size, chains(9, 1, 0), 'IPv4'), undefined);
  const ledger = new ElementLedger(servicesTables.IPv4, serviceSetTypes('IPv4'));
  const endpoints = Array.from({ length: 9 }, (_, i) => `10.244.1.${i + 1}`);
  nft.change('node', ledger.set('default/web', elementsOf([port(endpoints)])));
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
      .plan('default/web', ports, family, node)
      .elements.filter(({ set }) => set.endsWith('-chains'))
      .map(({ key, value }) => [...key, value]);
  assert.deepEqual(chains('IPv4'), [
    ['10.96.7.7', 'tcp', 80, { verdict: 'goto', chain: 'of-1' }],
    ['tcp', 30_080, { verdict: 'goto', chain: 'of-1' }],
  ]);
  assert.deepEqual(chains('IPv6'), [
    ['fd00:10:96::7', 'tcp', 80, { verdict: 'goto', chain: 'of-2' }],
    ['tcp', 30_080, { verdict: 'goto', chain: 'of-2' }],
  ]);
  assert.equal(
    planner.plan('default/web', ports, 'IPv6', node),
    planner.plan('default/web', ports, 'IPv6', node),
  );
});

test('Services that are the same on all nodes are put together once, the others not at all', () => {
  const planner = createServicePlanner();
  const local = port([first], { key: 'default/local:TCP/80', externalPolicy: 'Local', nodePort: 30_081 });
  const bound = port([first], { key: 'default/bound:TCP/80', affinitySeconds: 60 });
  const services = new Map([
    ['default/web', [port([first, second])]],
    ['default/local', [local]],
    ['default/bound', [bound]],
    ['default/none', []],
  ]);
  const { claims, chains: wanted } = planner.common(services, 'IPv4', node);
  assert.deepEqual([...claims.owned.keys()], ['default/web']);
  assert.deepEqual(wanted, chains(2));
  const other: PlannedNode = { name: 'node-2', zone: 'b', addresses: ['172.20.1.2'] };
  assert.equal(planner.common(new Map(services), 'IPv4', other).claims, claims);
  const changed = new Map(services).set('default/web', [port([second])]);
  const after = planner.common(changed, 'IPv4', other).claims;
  assert.deepEqual(
    after.additions.map(({ set }) => set).toSorted(),
    elementsOf([port([second])])
      .map(({ set }) => set)
      .toSorted(),
  );
  planner.forgetCommon();
  assert.notEqual(planner.common(changed, 'IPv4', node).claims, after);
});
