/** `weft doctor` on this machine, and on what user namespaces make of it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { Finding } from '../../src/doctor/finding.ts';
import { cannotSendPackets } from '../support/lab.ts';

const entry = join(import.meta.dirname, '../../src/cmd/weft.ts');
const directory = mkdtempSync(join(tmpdir(), 'weft-doctor-'));
after(() => rmSync(directory, { recursive: true }));
const env = { ...process.env, WEFT_RUN_DIRECTORY: join(directory, 'weft') };

interface Diagnosis {
  readonly code: number | null;
  readonly findings: readonly Finding[];
}

/** Runs `weft doctor`, after a script as root of a user and a network namespace where one is given. */
function doctor(script?: string): Diagnosis {
  const command = [process.execPath, entry, 'doctor', '-o', 'json'] as const;
  const inNamespace = [
    '--user',
    '--map-root-user',
    '--net',
    'sh',
    '-c',
    `${script} && exec "$@"`,
    'sh',
    ...command,
  ];
  const [program, args] = script === undefined ? [command[0], command.slice(1)] : ['unshare', inNamespace];
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env });
  assert.notEqual(stdout, '', stderr);
  return { code: status, findings: (JSON.parse(stdout) as { findings: Finding[] }).findings };
}

const missingOf = ({ findings }: Diagnosis): string[] =>
  findings.filter(({ state }) => state === 'missing').map(({ check }) => check);

describe('weft doctor', { skip: cannotSendPackets }, () => {
  test('finds that this machine has everything, by doing it, and leaves nothing behind', () => {
    const mounts = (): string => readFileSync('/proc/self/mountinfo', 'utf8');
    const before = mounts();
    const diagnosis = doctor();
    assert.deepEqual(missingOf(diagnosis), []);
    assert.equal(diagnosis.code, 0);
    for (const check of ['network namespaces', 'vxlan', 'tables of a node, IPv4', 'packet log']) {
      assert.equal(diagnosis.findings.find((one) => one.check === check)?.state, 'ok', check);
    }
    assert.deepEqual(readdirSync(directory), []);
    assert.equal(mounts(), before);
  });

  test('exits with 3 and tells what cannot be tried where there may be no more network namespaces', () => {
    const diagnosis = doctor('echo 0 > /proc/sys/user/max_net_namespaces');
    assert.deepEqual(missingOf(diagnosis), ['namespaces', 'network namespaces']);
    assert.equal(diagnosis.code, 3);
    assert.equal(diagnosis.findings.find(({ check }) => check === 'vxlan')?.state, 'skipped');
  });

  test('tells which capability root lacks', () => {
    const args = [
      '--bounding-set',
      '-net_admin',
      '--inh-caps',
      '-net_admin',
      process.execPath,
      entry,
      'doctor',
    ];
    const { status, stdout } = spawnSync('setpriv', args, { encoding: 'utf8', env });
    assert.equal(status, 3);
    assert.match(stdout, /✗ {2}privileges +root without CAP_NET_ADMIN/);
  });

  test('is named by an up that fails for the machine', () => {
    const script = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"';
    const args = ['--user', '--map-root-user', 'sh', '-c', script, 'sh', process.execPath, entry, 'up'];
    const { status, stderr } = spawnSync('unshare', args, { encoding: 'utf8', env });
    assert.equal(status, 3);
    assert.match(stderr, /this machine lacks privileges: no root, and user\.max_user_namespaces is 0/);
    assert.match(stderr, /weft doctor/);
  });
});
