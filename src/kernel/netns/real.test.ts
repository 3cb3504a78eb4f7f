import assert from 'node:assert/strict';
import {
  access,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { networkNamespacesCompliance } from './netns.compliance.ts';
import type { NetworkNamespaces } from './port.ts';
import { createNetworkNamespaces } from './real.ts';
import { threadNamespacePath } from './thread.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

let directory: string;

networkNamespacesCompliance({
  label: 'pinned network namespaces',
  skip,
  make() {
    directory = mkdtempSync(join(tmpdir(), 'weft-netns-'));
    return createNetworkNamespaces({ directory });
  },
  cleanUp: () => rmSync(directory, { recursive: true }),
});

const whereThisThreadIs = (): string => readlinkSync(threadNamespacePath);

/** Addresses of this thread's namespace: the kernel gives ::1 to `lo` when it comes up. */
const ipv6Addresses = (): string => readFileSync('/proc/thread-self/net/if_inet6', 'utf8');

describe('pinned network namespaces in the kernel', { skip }, () => {
  let namespaces: NetworkNamespaces;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'weft-netns-'));
    namespaces = createNetworkNamespaces({ directory });
  });

  afterEach(() => {
    for (const name of namespaces.list()) namespaces.delete(name);
    namespaces.close();
    rmSync(directory, { recursive: true });
  });

  test('every way out of inside leads back to where the thread was', () => {
    const home = whereThisThreadIs();
    const [a, b] = [namespaces.create('a'), namespaces.create('b')];
    assert.equal(whereThisThreadIs(), home);
    const seen = namespaces.inside(a, () => {
      const inA = whereThisThreadIs();
      const inB = namespaces.inside(b, whereThisThreadIs);
      assert.throws(() => namespaces.inside(b, () => assert.fail('on purpose')));
      assert.equal(whereThisThreadIs(), inA);
      return [inA, inB];
    });
    assert.equal(whereThisThreadIs(), home);
    assert.equal(new Set([home, ...seen]).size, 3);
    assert.throws(() => namespaces.inside({ name: 'gone', fd: 999_999 }, () => 1), { code: 'netns-refused' });
    assert.equal(whereThisThreadIs(), home);
  });

  test('loopback is up', () => {
    assert.match(namespaces.inside(namespaces.create('a'), ipv6Addresses), /^0{31}1 .* lo$/m);
  });

  test('no thread of the pool is left inside', () => {
    const home = whereThisThreadIs();
    const pod = namespaces.create('a');
    const spaces = namespaces.inside(pod, () => {
      // Work for the pool: had it not started before, its threads would be born here.
      access('/', () => {});
      return readdirSync('/proc/self/task').map((id) => readlinkSync(`/proc/self/task/${id}/ns/net`));
    });
    assert.equal(spaces.filter((space) => space !== home).length, 1, 'only this thread is inside');
  });

  test('a released namespace has no descriptor any more, and is the same one when it is opened again', () => {
    const inside = statSync(join(directory, namespaces.create('a').name)).ino;
    const isOpen = (): boolean =>
      readdirSync('/proc/self/fd').some(
        (fd) => statSync(`/proc/self/fd/${fd}`, { throwIfNoEntry: false })?.ino === inside,
      );
    assert.equal(isOpen(), true);
    namespaces.release('a');
    assert.equal(isOpen(), false);
    namespaces.open('a');
    assert.equal(isOpen(), true);
  });

  test('the pin outlives the object that made it, and deletion leaves nothing behind', () => {
    const made = namespaces.inside(namespaces.create('a'), whereThisThreadIs);
    namespaces.close();
    const later = createNetworkNamespaces({ directory });
    assert.deepEqual(later.list(), ['a']);
    assert.equal(later.inside(later.open('a'), whereThisThreadIs), made);
    later.delete('a');
    later.close();
    assert.deepEqual(readdirSync(directory), []);
  });

  test('a pin without a namespace, as after a reboot, counts as absent and is taken over', () => {
    writeFileSync(join(directory, 'stale'), '', { mode: 0o600 });
    assert.deepEqual(namespaces.list(), []);
    assert.throws(() => namespaces.open('stale'), { code: 'netns-missing' });
    namespaces.create('stale');
    assert.deepEqual(namespaces.list(), ['stale']);
    namespaces.delete('stale');
    assert.deepEqual(readdirSync(directory), []);
  });

  test('a namespace deleted and made again by another process is not mistaken for the old one', () => {
    const other = createNetworkNamespaces({ directory });
    namespaces.create('a');
    other.delete('a');
    const made = namespaces.create('a');
    assert.deepEqual(other.list(), ['a']);
    assert.equal(namespaces.open('a').fd, made.fd);
    other.close();
  });

  test('a directory that is not there has no namespaces', () => {
    assert.deepEqual(createNetworkNamespaces({ directory: join(directory, 'none') }).list(), []);
  });
});
