import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createFakeNetworkNamespaces } from '../netns/fake.ts';
import { createNetworkNamespaces } from '../netns/real.ts';
import { createFakeSysctl } from './fake.ts';
import { keyComponents } from './key.ts';
import { createSysctl } from './real.ts';
import { sysctlCompliance } from './sysctl.compliance.ts';

let directory: string;

sysctlCompliance({
  label: 'sysctl of the kernel',
  skip: process.getuid?.() === 0 ? false : 'needs root',
  make() {
    directory = mkdtempSync(join(tmpdir(), 'weft-sysctl-'));
    const namespaces = createNetworkNamespaces({ directory });
    return { namespaces, sysctl: createSysctl({ namespaces }) };
  },
  cleanUp: () => rmSync(directory, { recursive: true }),
});

sysctlCompliance({
  label: 'fake sysctl',
  skip: false,
  make() {
    const namespaces = createFakeNetworkNamespaces();
    return { namespaces, sysctl: createFakeSysctl({ namespaces }) };
  },
  cleanUp: () => {},
});

test('a slash in a key stands for a dot in a name, and no key leads out of /proc/sys', () => {
  assert.deepEqual(keyComponents('net.ipv4.conf.eth0/1.rp_filter'), [
    'net',
    'ipv4',
    'conf',
    'eth0.1',
    'rp_filter',
  ]);
  for (const key of ['', '.', 'net.', 'net.//.x', '/.x', 'net.a\0b'])
    assert.equal(keyComponents(key), undefined, key);
});
