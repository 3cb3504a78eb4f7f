import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RouteTable, Site, Subnet, VirtualNetwork } from '../../../api/types/fabric.ts';
import { buildWorld, type NetworkObjects } from './build-world.ts';
import { effectiveRoutes, routeTo } from './effective-routes.ts';

const apiVersion = 'weft.dev/v1alpha1';
type Routes = NonNullable<RouteTable['spec']['routes']>;

const net = (name: string, space: string, subnet: Partial<Subnet> = {}): VirtualNetwork => ({
  apiVersion,
  kind: 'VirtualNetwork',
  metadata: { name },
  spec: { addressSpace: [space], subnets: [{ name: 'one', prefix: space.replace('/16', '/24'), ...subnet }] },
});
const table = (routes: Routes, more: Partial<RouteTable['spec']> = {}): RouteTable => ({
  apiVersion,
  kind: 'RouteTable',
  metadata: { name: 'rt' },
  spec: { routes, ...more },
});
const site = (network: string, ...prefixes: string[]): Site => ({
  apiVersion,
  kind: 'Site',
  metadata: { name: 'office' },
  spec: { prefixes, gateway: { network } },
});
const peered = (a: string, b: string, transit = false) => ({
  apiVersion,
  kind: 'VirtualNetworkPeering',
  metadata: { name: `${a}-${b}` },
  spec: { networks: [a, b], allowGatewayTransit: transit, useRemoteGateways: transit },
});
const hops = (objects: NetworkObjects, ...addresses: string[]): string[] => {
  const routes = effectiveRoutes(buildWorld(objects, []), 'hub', 'one');
  return addresses.map((address) => {
    const route = routeTo(routes, address);
    return `${route?.source} ${route?.nextHopType}`;
  });
};

test('a network routes within itself, to the internet, and nowhere where addresses are private', () => {
  assert.deepEqual(
    hops({ networks: [net('hub', '10.0.0.0/16')] }, '10.0.9.9', '8.8.8.8', '10.9.0.1', '100.64.0.1'),
    ['System VNetLocal', 'System Internet', 'System None', 'System None'],
  );
});

test('the longest prefix decides, and of equal ones a user comes before a gateway and the system', () => {
  const networks = [net('hub', '10.0.0.0/16', { routeTable: 'rt' })];
  const routes: Routes = [
    { name: 'all', prefix: '0.0.0.0/0', nextHopType: 'VirtualAppliance', nextHopAddress: '10.0.2.4' },
    { name: 'office', prefix: '192.168.0.0/24', nextHopType: 'None' },
  ];
  const objects = {
    networks,
    routeTables: [table(routes)],
    sites: [site('hub', '192.168.0.0/24', '192.168.0.128/25')],
  };
  assert.deepEqual(hops(objects, '8.8.8.8', '192.168.0.1', '192.168.0.129', '10.0.0.9'), [
    'User VirtualAppliance',
    'User None',
    'Gateway VirtualNetworkGateway',
    'System VNetLocal',
  ]);
  const lost = effectiveRoutes(buildWorld(objects, []), 'hub', 'one').filter(({ isInvalid }) => isInvalid);
  assert.deepEqual(
    lost.map(({ prefix, source }) => `${prefix} ${source}`),
    ['192.168.0.0/24 Gateway', '0.0.0.0/0 System'],
  );
});

test('what a gateway learns does not override the network, a peer or a service endpoint, however specific it is', () => {
  const networks = [net('hub', '10.0.0.0/16', { serviceEndpoints: ['store'] }), net('spoke', '10.1.0.0/16')];
  const internets = [
    {
      apiVersion,
      kind: 'Internet',
      metadata: { name: 'default' },
      spec: { services: [{ name: 'store', prefixes: ['192.0.2.0/26'] }] },
    },
  ];
  const sites = [site('hub', '10.0.0.0/24', '10.1.0.0/24', '192.0.2.0/28', '10.2.0.0/16')];
  const objects = { networks, peerings: [peered('hub', 'spoke')], internets, sites };
  assert.deepEqual(hops(objects, '10.0.0.7', '10.1.0.7', '192.0.2.7', '10.2.0.7'), [
    'System VNetLocal',
    'System VNetPeering',
    'System VirtualNetworkServiceEndpoint',
    'Gateway VirtualNetworkGateway',
  ]);
});

test('peers of peers are not peers, and their gateway is used only where both say so', () => {
  const networks = [net('hub', '10.0.0.0/16'), net('b', '10.1.0.0/16'), net('c', '10.2.0.0/16')];
  const sites = [site('b', '192.168.0.0/24')];
  const to = (transit: boolean) =>
    hops(
      { networks, sites, peerings: [peered('b', 'hub', transit), peered('b', 'c')] },
      '10.1.0.4',
      '10.2.0.4',
      '192.168.0.9',
    );
  assert.deepEqual(to(false), ['System VNetPeering', 'System None', 'System None']);
  assert.deepEqual(to(true), ['System VNetPeering', 'System None', 'Gateway VirtualNetworkGateway']);
});

test('a table that propagates nothing hides what a gateway learns', () => {
  const networks = [net('hub', '10.0.0.0/16', { routeTable: 'rt' })];
  const sites = [site('hub', '192.168.0.0/24')];
  const routeTables = [table([], { disableBgpRoutePropagation: true })];
  assert.deepEqual(hops({ networks, sites, routeTables }, '192.168.0.9'), ['System None']);
});
