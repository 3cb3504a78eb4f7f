import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { NetworkNamespaces } from '../netns/port.ts';
import { createNetworkNamespaces } from '../netns/real.ts';
import type { RouteNetlink, VethLink } from './port.ts';
import { createRouteNetlink } from './real.ts';
import { routeNetlinkCompliance } from './route.compliance.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

let directory: string;

function make() {
  directory = mkdtempSync(join(tmpdir(), 'weft-route-'));
  const namespaces = createNetworkNamespaces({ directory });
  return { namespaces, route: createRouteNetlink({ namespaces }) };
}

const cleanUp = (): void => rmSync(directory, { recursive: true });

routeNetlinkCompliance({ label: 'rtnetlink of the kernel', skip, make, cleanUp });

const veth: VethLink = { kind: 'veth', name: 'n0', peer: { name: 'eth0', namespace: 'pod' } };

describe('rtnetlink in the kernel', { skip }, () => {
  let namespaces: NetworkNamespaces;
  let route: RouteNetlink;

  beforeEach(() => {
    ({ namespaces, route } = make());
    for (const name of ['node', 'pod']) namespaces.create(name);
  });

  afterEach(() => {
    route.close();
    for (const name of namespaces.list()) namespaces.delete(name);
    namespaces.close();
    cleanUp();
  });

  const read = (namespace: string, path: string): string =>
    namespaces.inside(namespaces.open(namespace), () => readFileSync(path, 'utf8'));

  test('both ends of a veth are up, and IPv6 addresses are usable at once', () => {
    route.apply('node', [
      { action: 'add-link', link: veth },
      { action: 'add-address', address: { link: 'n0', address: 'fd00:1::1/64' } },
    ]);
    // Link-local addresses are given to links that are up.
    assert.match(read('pod', '/proc/thread-self/net/if_inet6'), /^fe80.* eth0$/m);
    // The fifth column holds IFA_F_* flags: neither TENTATIVE (40) nor DADFAILED (08).
    const line = /^fd000001.* n0$/m.exec(read('node', '/proc/thread-self/net/if_inet6'))?.[0] ?? '';
    assert.equal(Number.parseInt(line.split(/\s+/)[4] ?? '', 16) & 0x48, 0, line);
  });

  test('a refusal carries the text of the kernel', () => {
    route.apply('node', [{ action: 'add-link', link: veth }]);
    const far = { destination: '10.1.0.0/16', link: 'n0', via: '192.0.2.1' };
    assert.deepEqual(
      route.apply('node', [{ action: 'add-route', route: far }]).map(({ message }) => message),
      ['Nexthop has invalid gateway'],
    );
  });

  test('a link that another process deleted and made again is not mistaken for the old one', () => {
    const other = createRouteNetlink({ namespaces });
    const address = { link: 'n0', address: '172.20.1.1/16' };
    route.apply('node', [
      { action: 'add-link', link: veth },
      { action: 'add-address', address },
    ]);
    other.apply('pod', [{ action: 'delete-link', name: 'eth0' }]);
    other.apply('node', [{ action: 'add-link', link: veth }]);
    assert.deepEqual(route.apply('node', [{ action: 'add-address', address }]), []);
    assert.deepEqual(other.dump('node').addresses, [address]);
    other.close();
  });

  test('an IPv4 destination can have an IPv6 next hop', () => {
    const value = { destination: '10.1.0.0/16', link: 'n0', via: 'fe80::1' };
    const operations = [
      { action: 'add-link', link: veth } as const,
      { action: 'add-route', route: value } as const,
    ];
    assert.deepEqual(route.apply('node', operations), []);
    assert.deepEqual(route.dump('node').routes, [value]);
  });

  test('after a namespace was made again without forget, its socket is not used any more', () => {
    route.apply('node', [{ action: 'add-link', link: veth }]);
    namespaces.delete('node');
    namespaces.create('node');
    assert.equal(route.dump('node').links.size, 0);
  });
});
