import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeNftables } from '../../kernel/nft/fake.ts';
import type { ServicePortModel } from '../../model/services/port.ts';
import { ElementLedger } from '../elements/ledger.ts';
import { createServicePlanner, serviceSetTypes } from './elements.ts';
import { emptySize, growServices, servicesSkeleton, servicesTable } from './skeleton.ts';

function port(endpoints: readonly string[], extra: Partial<ServicePortModel> = {}): ServicePortModel {
  return {
    key: 'default/web:TCP/80',
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
  const elements = createServicePlanner().elementsOf([port([first, second])]);
  const valueIn = (set: string): unknown => elements.find((element) => element.set === set)?.value;
  assert.deepEqual(valueIn('service-chains'), { verdict: 'goto', chain: 'of-2' });
  assert.deepEqual(valueIn('slot-0'), [first, 8080]);
  assert.deepEqual(valueIn('slot-1'), [second, 8080]);
});

test('a node port shares the number and the endpoints of its Service', () => {
  const elements = createServicePlanner().elementsOf([port([first], { nodePort: 30_080 })]);
  const numbers = elements.filter(({ set }) => set.endsWith('-ids')).map(({ value }) => value);
  assert.deepEqual(numbers, [[1], [1]]);
  assert.equal(elements.filter(({ set }) => set === 'slot-0').length, 1);
});

test('without endpoints the address is known, for the filter to reject, and nothing is translated', () => {
  const elements = createServicePlanner().elementsOf([port([], { nodePort: 30_080 })]);
  assert.deepEqual(
    elements.map(({ set }) => set),
    ['cluster-addresses', 'unserved-node-ports'],
  );
});

test('an endpoint that goes costs its own elements, whatever else there is', () => {
  const planner = createServicePlanner();
  const ledger = new ElementLedger(servicesTable, serviceSetTypes());
  ledger.set('default/web', planner.elementsOf([port([first, second, third])]));
  const changes = ledger.set('default/web', planner.elementsOf([port([first, third])]));
  assert.deepEqual(
    changes.map(({ action, set, element }) => `${action} ${set} ${element.key.join(' ')}`).toSorted(),
    [
      'add service-chains 10.96.7.7 tcp 80',
      'add slot-1 1',
      `delete hairpin ${second} ${second}`,
      'delete service-chains 10.96.7.7 tcp 80',
      'delete slot-1 1',
      'delete slot-2 1',
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
  const growth = growServices(emptySize, [1, 9]);
  assert.ok(growth);
  assert.equal(growth.size.slots, 16);
  nft.run('node', growth.commands);
  nft.run('node', growth.commands);
  assert.equal(growServices(growth.size, [9, 1, 0]), undefined);
  const ledger = new ElementLedger(servicesTable, serviceSetTypes());
  const endpoints = Array.from({ length: 9 }, (_, i) => `10.244.1.${i + 1}`);
  nft.change('node', ledger.set('default/web', createServicePlanner().elementsOf([port(endpoints)])));
  assert.equal(
    nft.elements('node', { ...servicesTable, set: 'slot-8' }, serviceSetTypes()['slot-8'] ?? { key: [] })
      .length,
    1,
  );
});
