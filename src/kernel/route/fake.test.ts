import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeNetworkNamespaces } from '../netns/fake.ts';
import { createFakeRouteNetlink } from './fake.ts';
import { routeNetlinkCompliance } from './route.compliance.ts';

function make() {
  const namespaces = createFakeNetworkNamespaces();
  return { namespaces, route: createFakeRouteNetlink({ namespaces }) };
}

routeNetlinkCompliance({ label: 'fake rtnetlink', skip: false, make, cleanUp: () => {} });

test('a namespace that is deleted takes the far ends of its veths along', () => {
  const { namespaces, route } = make();
  for (const name of ['node', 'pod']) namespaces.create(name);
  const peer = { name: 'eth0', namespace: 'pod' };
  assert.deepEqual(
    route.apply('node', [{ action: 'add-link', link: { kind: 'veth', name: 'n0', peer } }]),
    [],
  );
  namespaces.delete('pod');
  assert.equal(route.dump('node').links.size, 0);
});

test('what dump returned does not change afterwards', () => {
  const { namespaces, route } = make();
  namespaces.create('node');
  const before = route.dump('node');
  route.apply('node', [{ action: 'add-link', link: { kind: 'bridge', name: 'br0' } }]);
  assert.equal(before.links.size, 0);
});
