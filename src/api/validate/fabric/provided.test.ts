import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node } from '../../types/core.ts';
import type { RouteTable, Subnet, UserRoute, VirtualNetwork } from '../../types/fabric.ts';
import { providedProblems, providedTableProblems } from './provided.ts';

const networkOf = (provisionedBy: 'user' | 'provider', subnet: Partial<Subnet>): VirtualNetwork => ({
  apiVersion: 'weft.dev/v1alpha1',
  kind: 'VirtualNetwork',
  metadata: { name: 'default' },
  spec: {
    addressSpace: ['10.0.0.0/16'],
    provisionedBy,
    subnets: [{ name: 'nodes', prefix: '10.0.0.0/24', ...subnet }],
  },
});
const refused = (previous: VirtualNetwork, network: VirtualNetwork): string[] =>
  providedProblems(network, previous).map(({ path }) => path);

const endpoint = { serviceEndpoints: ['Microsoft.Storage'] };

test("a provider's network refuses other routes and endpoints, by field", () => {
  const provided = networkOf('provider', {});
  assert.deepEqual(refused(provided, networkOf('provider', endpoint)), ['spec.subnets[0].serviceEndpoints']);
  assert.deepEqual(refused(provided, networkOf('provider', { routeTable: 'mine' })), [
    'spec.subnets[0].routeTable',
  ]);
  assert.deepEqual(refused(provided, networkOf('provider', {})), []);
});

test("a user's network takes them, and one that becomes a user's with them", () => {
  assert.deepEqual(refused(networkOf('user', {}), networkOf('user', endpoint)), []);
  assert.deepEqual(refused(networkOf('provider', {}), networkOf('user', endpoint)), []);
});

const nodes: Node[] = [
  {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n1' },
    status: { addresses: [{ type: 'InternalIP', address: '10.0.0.4' }] },
  },
];
const ofNode = {
  name: 'n1',
  prefix: '10.244.0.0/24',
  nextHopType: 'VirtualAppliance',
  nextHopAddress: '10.0.0.4',
} as const;
const own: UserRoute = { name: 'mine', prefix: '10.9.0.0/16', nextHopType: 'None' };
const tableOf = (routes: UserRoute[], more: Partial<RouteTable['spec']> = {}): RouteTable => ({
  apiVersion: 'weft.dev/v1alpha1',
  kind: 'RouteTable',
  metadata: { name: 'rt' },
  spec: { routes, ...more },
});
const refusedIn = (network: VirtualNetwork, table: RouteTable, previous?: RouteTable): string[] =>
  providedTableProblems(table, previous, { networks: [network], nodes }).map(({ path }) => path);

test("the route table of a provider's network takes routes to nodes, and none of others", () => {
  const provided = networkOf('provider', { routeTable: 'rt' });
  assert.deepEqual(refusedIn(provided, tableOf([ofNode]), tableOf([])), []);
  assert.deepEqual(refusedIn(provided, tableOf([ofNode, own]), tableOf([ofNode])), ['spec.routes[1]']);
  const elsewhere = { ...ofNode, nextHopAddress: '10.0.0.9' };
  assert.deepEqual(refusedIn(provided, tableOf([elsewhere]), tableOf([ofNode])), ['spec.routes[0]']);
  assert.deepEqual(refusedIn(provided, tableOf([]), tableOf([ofNode])), [], 'the node may be gone');
  assert.deepEqual(refusedIn(provided, tableOf([own]), tableOf([own])), [], 'it was there before');
  assert.deepEqual(refusedIn(provided, tableOf([], { disableBgpRoutePropagation: true }), tableOf([])), [
    'spec.disableBgpRoutePropagation',
  ]);
});

test("a user's own table takes all, and so does one that no provider's subnet has", () => {
  const routes = tableOf([own], { disableBgpRoutePropagation: true });
  assert.deepEqual(refusedIn(networkOf('user', { routeTable: 'rt' }), routes, tableOf([])), []);
  assert.deepEqual(refusedIn(networkOf('provider', {}), routes), []);
});
