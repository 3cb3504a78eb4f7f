import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UserRoute } from '../../../api/types/fabric.ts';
import type { NodePlace } from '../../network/topology.ts';
import { nodeRoutes } from './node-routes.ts';

const podCidrs = ['10.244.0.0/16'];

const place = (n: number): NodePlace => ({
  name: `node-${n}`,
  address: `172.20.1.${n}`,
  podCidr: `10.244.${n}.0/24`,
});
const route = (n: number): UserRoute => ({
  name: `node-${n}`,
  prefix: `10.244.${n}.0/24`,
  nextHopType: 'VirtualAppliance',
  nextHopAddress: `172.20.1.${n}`,
});
const firewall: UserRoute = { name: 'all', prefix: '0.0.0.0/0', nextHopType: 'None' };

test('every node has a route to its pods under its name, and routes of users stay', () => {
  assert.deepEqual(nodeRoutes([firewall], [place(1), place(2)], { podCidrs }), {
    routes: [firewall, route(1), route(2)],
    left: [],
  });
});

test('the route of a node that is gone goes, one that somebody changed is put right, and nothing else moves', () => {
  const changed = { ...route(2), nextHopAddress: '172.20.9.9' };
  assert.deepEqual(nodeRoutes([route(3), changed, route(1)], [place(1), place(2)], { podCidrs }).routes, [
    route(2),
    route(1),
  ]);
});

test('where the table is full, nodes keep the routes they have and the others are named', () => {
  const others = Array.from({ length: 398 }, (_, n) => ({ ...firewall, name: `user-${n}` }));
  const { routes, left } = nodeRoutes([...others, route(3)], [place(1), place(2), place(3)], { podCidrs });
  assert.equal(routes.length, 400);
  assert.deepEqual(routes.slice(398), [route(3), route(1)]);
  assert.deepEqual(left, ['node-2']);
});
