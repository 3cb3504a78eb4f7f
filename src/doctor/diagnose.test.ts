import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { diagnose } from './diagnose.ts';
import { createFakeMachine, type FakeMachineOptions } from './fake.ts';
import type { Finding, State } from './finding.ts';

async function findingOf(check: string, options: FakeMachineOptions): Promise<Finding> {
  const findings = await diagnose(createFakeMachine(options));
  // Nothing else is blamed for it.
  assert.deepEqual(
    findings.filter((one) => one.state !== 'ok' && one.check !== check),
    [],
  );
  const found = findings.find((one) => one.check === check);
  assert.ok(found, `there is no check ${check}`);
  return found;
}

test('a machine that has everything is told so, with nothing to do', async () => {
  for (const isRoot of [true, false]) {
    const findings = await diagnose(createFakeMachine({ isRoot }));
    assert.deepEqual(
      findings.filter(({ state, remedy }) => state !== 'ok' || remedy !== undefined),
      [],
    );
    assert.equal(new Set(findings.map(({ check }) => check)).size, findings.length);
  }
});

const without = (...programs: string[]): FakeMachineOptions => ({
  run: (command) =>
    Promise.resolve(
      programs.some((program) => command.endsWith(program))
        ? undefined
        : { code: 0, out: '"gitVersion": "v1.33.0"', err: '' },
    ),
});
const noCapabilities = 'CapEff:\t00000000a80425fb\n';
const fewFiles = 'Max open files            1024                 512                  files\n';

const cases: readonly [what: string, check: string, FakeMachineOptions, State, says: RegExp][] = [
  ['another system', 'system', { platform: 'darwin' }, 'missing', /^darwin/],
  ['another processor', 'system', { architecture: 'riscv64' }, 'missing', /riscv64/],
  ['an old Node', 'node', { nodeVersion: '24.14.1' }, 'missing', /older than 24\.15/],
  [
    'no libnftables',
    'libnftables.so.1',
    { whyNotLoaded: (library) => (library === 'libnftables.so.1' ? 'no such file' : undefined) },
    'missing',
    /no such file/,
  ],
  [
    'no glibc',
    'libc.so.6',
    { whyNotLoaded: (library) => (library === 'libc.so.6' ? 'no such file' : undefined) },
    'missing',
    /no such file/,
  ],
  ['no unshare', 'unshare', without('unshare'), 'missing', /not installed/],
  ['no nsenter', 'nsenter', without('nsenter'), 'missing', /not installed/],
  ['no kubectl', 'kubectl', without('kubectl'), 'limited', /not installed/],
  ['no routing daemon', 'bgp', without('/usr/sbin/bird', 'bgpd'), 'limited', /no routing daemon/],
  [
    'an old kubectl',
    'kubectl',
    { run: () => Promise.resolve({ code: 0, out: '"gitVersion": "v1.20.2"', err: '' }) },
    'limited',
    /v1\.20\.2/,
  ],
  [
    'root without capabilities',
    'privileges',
    { files: { '/proc/self/status': noCapabilities } },
    'missing',
    /without CAP_NET_ADMIN, CAP_SYS_ADMIN$/,
  ],
  ...(
    [
      ['user.max_user_namespaces', '0'],
      ['kernel.unprivileged_userns_clone', '0'],
      ['kernel.apparmor_restrict_unprivileged_userns', '1'],
    ] as const
  ).map(([key, value]): (typeof cases)[number] => [
    `a user and ${key}`,
    'privileges',
    { isRoot: false, files: { [`/proc/sys/${key.replaceAll('.', '/')}`]: `${value}\n` } },
    'missing',
    new RegExp(`${key} is ${value}`),
  ]),
  ['few open files', 'open files', { files: { '/proc/self/limits': fewFiles } }, 'missing', /^512 /],
  [
    'few processes',
    'processes',
    {
      isRoot: false,
      files: { '/proc/self/limits': 'Max processes 100 300 processes\nMax open files 1 9999 files' },
    },
    'limited',
    /^300 /,
  ],
  [
    'a small control group',
    'control group',
    { files: { '/sys/fs/cgroup/user.slice/pids.max': '100\n' } },
    'missing',
    /^100 /,
  ],
  [
    'few network namespaces',
    'namespaces',
    { files: { '/proc/sys/user/max_net_namespaces': '64\n' } },
    'limited',
    /^64 /,
  ],
  [
    'no mount namespaces',
    'mount namespaces',
    { files: { '/proc/sys/user/max_mnt_namespaces': '0\n' } },
    'missing',
    /^0 /,
  ],
  ['few mounts', 'mounts', { files: { '/proc/sys/fs/mount-max': '500\n' } }, 'limited', /^500 /],
  [
    'few connections',
    'tracked connections',
    { files: { '/proc/sys/net/netfilter/nf_conntrack_max': '4096\n' } },
    'limited',
    /^4096 /,
  ],
  ['no memory', 'memory', { files: { '/proc/meminfo': 'MemAvailable: 90000 kB\n' } }, 'missing', /^87 MiB/],
  [
    'small socket buffers of a user',
    'socket buffers',
    { isRoot: false, files: { '/proc/sys/net/core/wmem_max': '212992\n' } },
    'limited',
    /^212992 /,
  ],
  [
    'a run directory that takes no files',
    'run directory',
    { tryRunDirectory: () => Promise.reject(new Error('EROFS')) },
    'missing',
    /EROFS/,
  ],
  [
    'a full run directory',
    'run directory',
    { tryRunDirectory: () => Promise.resolve({ freeBytes: 3 << 20 }) },
    'missing',
    /3 MiB free/,
  ],
  [
    'a long run directory',
    'run directory',
    { runDirectory: `/tmp/${'long'.repeat(15)}` },
    'missing',
    /too long/,
  ],
  [
    'a lab that a reboot left',
    'leftovers',
    { labs: () => Promise.resolve([{ name: 'old', isRunning: false, hasDirectory: true }]) },
    'limited',
    /lab old has a directory but no process/,
  ],
  [
    'a lab whose directory somebody removed',
    'leftovers',
    { labs: () => Promise.resolve([{ name: 'old', isRunning: true, hasDirectory: false }]) },
    'limited',
    /lab old has processes but no directory/,
  ],
  [
    'namespaces that are forbidden',
    'kernel',
    { tryKernel: () => Promise.reject(new Error('unshare: Operation not permitted')) },
    'missing',
    /Operation not permitted/,
  ],
];

describe('a machine with', () => {
  for (const [what, check, options, state, says] of cases) {
    test(`${what} is told, and what to do`, async () => {
      const finding = await findingOf(check, options);
      assert.equal(finding.state, state);
      assert.match(finding.found, says);
      assert.ok((finding.remedy?.hint ?? '').length > 10);
    });
  }
});

test('labs that run are listed, and are nothing to do about', async () => {
  const labs = () => Promise.resolve([{ name: 'mine', isRunning: true, hasDirectory: true }]);
  assert.match((await findingOf('labs', { labs })).found, /running: mine/);
});

test('limits that a machine does not tell of are no limits', async () => {
  const files = {
    '/proc/sys/fs/mount-max': undefined,
    '/proc/sys/net/netfilter/nf_conntrack_max': undefined,
  };
  const checks = (await diagnose(createFakeMachine({ files }))).map(({ check }) => check);
  assert.equal(checks.includes('mounts') || checks.includes('tracked connections'), false);
});
