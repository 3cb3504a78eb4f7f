import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { systemClock, type Clock } from '../../lib/clock.ts';
import { createCredentials } from './credentials.ts';

const hosts = ['10.96.0.1', 'fd00::1', 'api.example'];

function directoryIn(t: TestContext): string {
  const parent = mkdtempSync(join(tmpdir(), 'weft-credentials-'));
  t.after(() => rmSync(parent, { recursive: true }));
  return join(parent, 'credentials');
}

test('the server certificate is signed by the authority and valid for every host', (t) => {
  const credentials = createCredentials({ directory: directoryIn(t), hosts });
  const certificate = new X509Certificate(credentials.certificates.certificate);
  const authority = new X509Certificate(credentials.access(1).ca);
  assert.ok(certificate.verify(authority.publicKey));
  assert.ok(certificate.checkIssued(authority));
  assert.ok(authority.ca);
  assert.equal(certificate.ca, false);
  for (const ip of ['127.0.0.1', '10.96.0.1', 'fd00::1']) assert.equal(certificate.checkIP(ip), ip);
  for (const name of ['localhost', 'kubernetes.default.svc.cluster.local', 'api.example']) {
    assert.equal(certificate.checkHost(name), name);
  }
  assert.equal(certificate.checkHost('elsewhere.example'), undefined);
});

const openssl = spawnSync('openssl', ['version']).status === 0;

test('openssl accepts the chain, strictly', { skip: openssl ? false : 'openssl is absent' }, (t) => {
  const directory = directoryIn(t);
  createCredentials({ directory, hosts });
  const [ca, server] = [join(directory, 'ca.crt'), join(directory, 'server.crt')];
  const options = ['-x509_strict', '-check_ss_sig', '-purpose', 'sslserver', '-verify_ip', '10.96.0.1'];
  const verified = spawnSync('openssl', ['verify', ...options, '-CAfile', ca, server], { encoding: 'utf8' });
  assert.equal(verified.status, 0, verified.stdout + verified.stderr);
});

test('a restart uses the same files, which are for their owner only', (t) => {
  const directory = directoryIn(t);
  const first = createCredentials({ directory, hosts });
  first.writeKubeconfig(join(directory, 'kubeconfig'), { name: 'weft-lab', port: 1234 });
  const second = createCredentials({ directory, hosts });
  assert.deepEqual(second.certificates, first.certificates);
  assert.deepEqual(second.access(1234), first.access(1234));
  assert.equal(second.rememberedPort, 1234);
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  const files = readdirSync(directory);
  assert.deepEqual(files.sort(), [
    'admin.token',
    'ca.crt',
    'ca.key',
    'kubeconfig',
    'port',
    'server.crt',
    'server.key',
  ]);
  for (const file of files) assert.equal(statSync(join(directory, file)).mode & 0o777, 0o600, file);
});

const users = [
  { name: 'weft:dns', groups: [] },
  { name: 'system:node:node-1', groups: ['system:nodes'] },
];

test('every user has a token of their own, the same after a restart, and files of their own for nobody else', (t) => {
  const directory = directoryIn(t);
  const first = createCredentials({ directory, hosts, users });
  first.writeUserKubeconfig(join(directory, 'dns.kubeconfig'), { user: 'weft:dns', port: 1234 });
  first.signingKey();
  const tokens = first.tokens.map(({ token }) => token);
  assert.equal(new Set(tokens).size, 3);
  const second = createCredentials({ directory, hosts, users });
  assert.deepEqual(second.tokens, first.tokens);
  assert.deepEqual(
    second.tokens.map(({ user }) => user),
    [{ name: 'admin', groups: ['system:masters'] }, ...users],
  );
  const text = readFileSync(join(directory, 'dns.kubeconfig'), 'utf8');
  assert.ok(text.includes(second.tokenOf('weft:dns')));
  for (const file of ['dns.kubeconfig', 'users.json', 'service-accounts.key'])
    assert.equal(statSync(join(directory, file)).mode & 0o777, 0o600, file);
});

test('a user who comes later gets a token, and the others keep theirs', (t) => {
  const directory = directoryIn(t);
  const first = createCredentials({ directory, hosts, users: users.slice(0, 1) });
  const second = createCredentials({ directory, hosts, users });
  assert.equal(second.tokenOf('weft:dns'), first.tokenOf('weft:dns'));
  assert.match(second.tokenOf('system:node:node-1'), /^[\w-]{43}$/);
});

test('a damaged file of tokens, and a damaged key of service accounts, are made anew', (t) => {
  const directory = directoryIn(t);
  const first = createCredentials({ directory, hosts, users });
  const { publicKey } = first.signingKey();
  for (const damage of ['', '{', '[]', 'null', '{"weft:dns":""}', '{"weft:dns":7}']) {
    writeFileSync(join(directory, 'users.json'), damage);
    const again = createCredentials({ directory, hosts, users });
    assert.match(again.tokenOf('weft:dns'), /^[\w-]{43}$/, damage);
    assert.notEqual(again.tokenOf('weft:dns'), first.tokenOf('weft:dns'));
  }
  assert.ok(createCredentials({ directory, hosts }).signingKey().publicKey.equals(publicKey));
  writeFileSync(join(directory, 'service-accounts.key'), 'damaged');
  assert.ok(!createCredentials({ directory, hosts }).signingKey().publicKey.equals(publicKey));
});

test('a client certificate says who somebody is, of what groups, and for how long', (t) => {
  const credentials = createCredentials({ directory: directoryIn(t), hosts });
  const issued = credentials.issueClient({ name: 'jane', groups: ['dev', 'ops'] }, 1);
  const certificate = new X509Certificate(issued.certificate);
  const authority = new X509Certificate(credentials.access(1).ca);
  assert.ok(certificate.verify(authority.publicKey));
  assert.ok(certificate.checkPrivateKey(createPrivateKey(issued.key)));
  assert.deepEqual(certificate.subject.split('\n').toSorted(), ['CN=jane', 'O=dev', 'O=ops']);
  assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2']);
  assert.equal(certificate.ca, false);
  const lasts = Date.parse(certificate.validTo) - Date.now();
  assert.ok(lasts > 0 && lasts <= 86_400_000, `${lasts}`);
});

test('a new host gets a new server certificate under the same authority', (t) => {
  const directory = directoryIn(t);
  const first = createCredentials({ directory, hosts });
  const second = createCredentials({ directory, hosts: [...hosts, '192.0.2.1'] });
  assert.equal(second.access(1).ca, first.access(1).ca);
  assert.equal(new X509Certificate(second.certificates.certificate).checkIP('192.0.2.1'), '192.0.2.1');
});

test('a clock that jumps leaves certificates valid, and the authority the same', (t) => {
  const [year, today] = [365 * 86_400_000, Date.UTC(2026, 10, 21)];
  const at = (now: number): { readonly clock: Clock } => ({ clock: { ...systemClock, now: () => now } });
  // A machine that forgot the time while it was off, and one that is told it later or loses it.
  for (const made of [0, today]) {
    const directory = directoryIn(t);
    const first = createCredentials({ directory, hosts, ...at(made) });
    const texts = [first.access(1).ca, first.certificates.certificate];
    for (const now of [0, today - 20 * year, today, today + 30 * 86_400_000]) {
      for (const text of texts) {
        const { validFrom, validTo } = new X509Certificate(text);
        assert.ok(Date.parse(validFrom) <= now, `${validFrom} at ${now}`);
        assert.ok(now < Date.parse(validTo), `${validTo} at ${now}`);
      }
      assert.equal(createCredentials({ directory, hosts, ...at(now) }).access(1).ca, texts[0]);
    }
  }
});

test('what is damaged or about to expire is made anew', (t) => {
  const directory = directoryIn(t);
  const first = createCredentials({ directory, hosts });
  writeFileSync(join(directory, 'server.key'), 'damaged');
  const second = createCredentials({ directory, hosts });
  assert.notEqual(second.certificates.certificate, first.certificates.certificate);
  const later = { ...systemClock, now: () => Date.now() + 340 * 86_400_000 };
  const third = createCredentials({ directory, hosts, clock: later });
  assert.equal(third.access(1).ca, second.access(1).ca);
  assert.notEqual(third.certificates.certificate, second.certificates.certificate);
});
