import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createBundleFile, mostBundleBytes, mostFileBytes } from './bundle-file.ts';
import { createKnownSecrets } from './known-secrets.ts';
import { allowNames, redactObject } from './redact.ts';
import { withoutPatterns } from './secret-patterns.ts';

const directory = mkdtempSync(join(tmpdir(), 'weft-bundle-'));
after(() => rmSync(directory, { recursive: true }));

const key = `-----BEGIN EC PRIVATE KEY-----\n${'MHcCAQEEIabcdefgh'.repeat(4)}\n-----END EC PRIVATE KEY-----`;
const token = `eyJhbGciOiJSUzI1NiJ9.${'eyJzdWIiOiJ4In0'.repeat(2)}.c2lnbmF0dXJl`;

test('a bundle is an archive that tar unpacks, for its owner alone', async () => {
  const path = join(directory, 'a.tar.gz');
  const file = createBundleFile(path, 'root', 1_700_000_000);
  await file.add('one.txt', 'one\n');
  await file.add('deep/er/two.txt', 'x'.repeat(513));
  await file.add('empty.txt', '');
  const bytes = await file.finish();
  assert.equal(statSync(path).size, bytes);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  execFileSync('tar', ['-xzf', path, '-C', directory]);
  assert.equal(readFileSync(join(directory, 'root/one.txt'), 'utf8'), 'one\n');
  assert.equal(readFileSync(join(directory, 'root/deep/er/two.txt'), 'utf8'), 'x'.repeat(513));
  assert.equal(statSync(join(directory, 'root/empty.txt')).size, 0);
});

test('a file that is there already is left alone', () => {
  const path = join(directory, 'b.tar.gz');
  createBundleFile(path, 'root', 0);
  assert.throws(() => createBundleFile(path, 'root', 0), { code: 'bundle-file' });
  assert.ok(existsSync(path));
});

test('a long text is cut and says so, and a full bundle takes no more', async () => {
  const file = createBundleFile(join(directory, 'c.tar.gz'), 'root', 0);
  const long = 'x'.repeat(mostFileBytes + 10);
  const most = Math.floor(mostBundleBytes / mostFileBytes);
  for (let i = 0; i < most - 1; i++) assert.equal(await file.add(`${i}.txt`, long), true);
  while (await file.add('more.txt', long));
  const bytes = await file.finish();
  assert.ok(bytes < mostBundleBytes);
  const list = execFileSync('tar', ['-xzOf', join(directory, 'c.tar.gz'), 'root/0.txt'], {
    maxBuffer: 2 * mostFileBytes,
  }).toString();
  assert.match(list.slice(-60), /\[cut: 10 of \d+ bytes left out\]/);
});

for (const [what, text, kept] of [
  ['a private key', `before ${key} after`, 'before [removed] after'],
  ['half a private key', key.slice(0, 50), '[removed]'],
  ['a token', `token was ${token}.`, 'token was [removed].'],
  ['a password in a URL', 'amqp://user:hunter2@mq:5672/x', 'amqp://[removed]@mq:5672/x'],
  ['an authorization', 'Authorization: Bearer abcdef0123456', 'Authorization: Bearer [removed]'],
  ['an assignment', 'failed with PASSWORD=hunter2 on db', 'failed with PASSWORD=[removed] on db'],
  ['a field of JSON', '{"password":"hunter2","port":1}', '{"password":"[removed]","port":1}'],
] as const) {
  test(`${what} gives itself away`, () => assert.equal(withoutPatterns(text), kept));
}

test('what is no secret stays', () => {
  for (const text of [
    'http://api.shop:8080/v1?page=2',
    'pod shop/web-0 was given 10.244.0.2',
    'sha256:9f86d081884c7d659a2feaa0c55ad015',
    'token review is not served',
  ]) {
    assert.equal(withoutPatterns(text), text);
  }
});

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'web',
    labels: { app: 'postgres' },
    annotations: {
      'example.org/api-token': 'planted-1',
      'weft.dev/last-applied': JSON.stringify({
        kind: 'Pod',
        env: [{ name: 'DB_PASSWORD', value: 'planted-2' }],
      }),
      'example.org/note': 'harmless',
    },
  },
  spec: {
    containers: [
      {
        name: 'c',
        env: [
          { name: 'DB_PASSWORD', value: 'planted-3' },
          { name: 'DB_HOST', value: 'db.shop:5432' },
          { name: 'DB_USER_SECRET', value: 'postgres' },
          { name: 'FROM', valueFrom: { secretKeyRef: { name: 'creds', key: 'password' } } },
        ],
        args: ['--token=planted-4', '--password', 'planted-5', '--verbose', 'serve', 'SECRET=planted-6'],
      },
    ],
  },
};

test('an object keeps what the network needs and loses its secrets, which are then found anywhere', () => {
  const secrets = createKnownSecrets();
  allowNames(pod, secrets);
  const text = JSON.stringify(redactObject(pod, secrets));
  assert.doesNotMatch(text, /planted/);
  for (const kept of [
    'db.shop:5432',
    'harmless',
    '"app":"postgres"',
    '"key":"password"',
    '--verbose',
    'serve',
  ]) {
    assert.ok(text.includes(kept), kept);
  }
  for (let i = 1; i <= 6; i++) {
    assert.equal(secrets.remove(`x planted-${i} y`), 'x [removed] y');
    const base64 = Buffer.from(`planted-${i}`).toString('base64');
    assert.equal(secrets.remove(`x ${base64} y`), 'x [removed] y');
  }
  assert.equal(secrets.remove('pod postgres-0'), 'pod postgres-0', 'what a cluster shows openly stays');
});

test('a Secret keeps its keys only, whatever they are called', () => {
  const secrets = createKnownSecrets();
  const data = { plain: Buffer.from('planted\nwith "quotes" and lines enough').toString('base64') };
  const object = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's' },
    data,
    stringData: { more: 'planted-too' },
  };
  const text = JSON.stringify(redactObject(object, secrets));
  assert.match(text, /"data":\{"plain":"\[removed\]"\},"stringData":\{"more":"\[removed\]"\}/);
  assert.doesNotMatch(secrets.remove('log: with "quotes" and lines enough, planted-too'), /quotes|planted/);
  assert.doesNotMatch(
    secrets.remove(JSON.stringify({ e: 'planted\nwith "quotes" and lines enough' })),
    /quotes/,
  );
});
