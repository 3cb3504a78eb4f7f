import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { weft } from '../support/weft.ts';

const manifests = fileURLToPath(new URL('../../../shared/manifests/online-boutique', import.meta.url));
const skip = !existsSync(manifests)
  ? 'the Online Boutique manifests are not beside the repository'
  : process.getuid?.() === 0
    ? false
    : 'needs root';
const name = `test-boutique-${process.pid}`;

async function connect(
  source: string,
  destination: string,
): Promise<Record<string, unknown> & { code: number }> {
  const { code, out, err } = await weft('connect', source, destination, '--name', name, '-o', 'json');
  assert.notEqual(out, '', err);
  return { code, ...(JSON.parse(out) as object) };
}

suite('the Online Boutique, run and proved', { skip }, () => {
  before(async () => {
    const { code, err } = await weft('up', '-f', manifests, '--name', name, '--wait');
    assert.equal(code, 0, err);
  });
  after(() => weft('down', '--name', name));

  test('every packet does as predicted', async () => {
    const { code, out, err } = await weft('reach', '--live', '--name', name, '-o', 'json');
    assert.notEqual(out, '', err);
    const { summary, wrong, unknown, ignored } = JSON.parse(out) as Record<string, Record<string, number>>;
    assert.deepEqual({ wrong, unknown, ignored }, { wrong: [], unknown: [], ignored: [] });
    assert.equal(summary?.['right'], summary?.['total']);
    assert.ok((summary?.['total'] ?? 0) > 500);
    assert.equal(code, 0);
  });

  test('what is predicted from the manifests alone is what the lab holds', async () => {
    const fromManifests = await weft('reach', '-f', manifests, '--pods', '-o', 'json');
    const fromLab = await weft('reach', '--name', name, '--pods', '-o', 'json');
    assert.deepEqual(JSON.parse(fromManifests.out), JSON.parse(fromLab.out));
  });

  test('the frontend is answered by the cart', async () => {
    const result = await connect('default/deployment/frontend', 'svc:default/cartservice:7070');
    assert.partialDeepStrictEqual(result, { code: 0, protocol: 'TCP', verdict: 'allowed' });
    assert.match(String(result['backend']), /^default\/cartservice-/);
    assert.match(String(result['sourceSeen']), /^10\.244\.\d+\.\d+$/);
    assert.ok(Number(result['milliseconds']) > 0);
  });

  const refusals: readonly [verdict: string, source: string, destination: string][] = [
    ['denied', 'default/deployment/adservice', 'svc:default/cartservice:7070'],
    ['refused', 'default/deployment/adservice', 'default/deployment/frontend:1234'],
    ['unreachable', 'default/deployment/frontend', 'svc:default/cartservice:99'],
    ['unreachable', 'internet', 'default/deployment/frontend:8080'],
  ];
  for (const [verdict, source, destination] of refusals) {
    test(`${source} -> ${destination} is ${verdict}`, async () => {
      assert.partialDeepStrictEqual(await connect(source, destination), {
        code: 1,
        verdict,
        sourceSeen: null,
        backend: null,
      });
    });
  }

  test('the cluster DNS answers the frontend', async () => {
    const { code, verdict } = await connect('default/deployment/frontend', 'svc:kube-system/kube-dns:dns');
    assert.deepEqual([code, verdict], [0, 'allowed']);
  });

  test('expectations hold with real packets', async () => {
    const { code, out } = await weft(
      'test',
      '--live',
      '--name',
      name,
      '-f',
      manifests,
      'default/deployment/frontend -> svc:default/cartservice',
      'default/deployment/adservice -/-> svc:default/cartservice',
    );
    assert.equal(code, 0, out);
  });

  test('no process of the lab asked the API server for what it may not', async () => {
    const { code, out } = await weft('logs', '--name', name);
    assert.equal(code, 0);
    for (const role of ['control', 'agents', 'dns']) assert.match(out, new RegExp(`\\b${role}\\b`));
    assert.doesNotMatch(out, /forbidden|unauthorized/i);
  });
});

test('after `down` nothing is left of it', { skip }, async () => {
  await weft('down', '--name', name);
  assert.equal(existsSync(`/run/weft/${name}`), false);
  const { code, err } = await weft('status', '--name', name);
  assert.equal(code, 2);
  assert.match(err, /there is no lab/);
});
