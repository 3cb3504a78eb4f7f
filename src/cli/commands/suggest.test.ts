import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import type { ObservedFlow } from '../../model/flows/observed-flow.ts';
import { createFakeLab, type FakeLab } from '../testing/fake-lab.ts';
import { shop } from '../testing/shop.ts';
import { shopCluster } from '../testing/shop-cluster.ts';
import { folderOf, run } from '../testing/terminal.ts';

const flow: ObservedFlow = {
  source: 'shop/web[Deployment]',
  destination: 'shop/api[Deployment]',
  protocol: 'TCP',
  port: 9090,
  sent: true,
  received: true,
  first: '2026-01-01T00:00:00.000Z',
  last: '2026-01-01T00:00:00.000Z',
};

const labOf = async (flows: readonly ObservedFlow[] = [flow]): Promise<FakeLab> =>
  createFakeLab(await shopCluster(), { flows });

test('flows are told once they are recorded, as a table and as JSON', async () => {
  const { connection } = await labOf();
  const before = await run(['flows'], connection);
  assert.equal(before.code, 2);
  assert.match(before.err, /lab lab records no flows\n  weft flows --record/);
  assert.equal((await run(['flows', '--record'], connection)).code, 0);
  const { out } = await run(['flows'], connection);
  assert.match(
    out,
    /^SOURCE .*\nshop\/web\[Deployment\] +shop\/api\[Deployment\] +TCP 9090 +sent, received +2026/,
  );
  assert.deepEqual(
    (JSON.parse((await run(['flows', '-o', 'json'], connection)).out) as { flows: unknown }).flows,
    [flow],
  );
  assert.equal((await run(['flows', '--stop'], connection)).code, 0);
  assert.equal((await run(['flows'], connection)).code, 2);
  assert.equal((await run(['flows', '--stop', '--record'], connection)).code, 2);
});

test('-f tells each flow once, until it is ended', async () => {
  const { connection } = await labOf();
  const { code, out } = await run(['flows', '--record', '-f'], connection);
  assert.equal(code, 0);
  assert.equal(out, '2026-01-01T00:00:00.000Z  shop/web[Deployment] -> shop/api[Deployment]  TCP 9090\n');
});

test('policies go to stdout and what the model says of them to stderr', async () => {
  const { connection } = await labOf();
  await run(['flows', '--record'], connection);
  const { code, out, err } = await run(['suggest'], connection);
  assert.equal(code, 0, err);
  assert.match(out, /^---\n# shop\/api\[Deployment\]: 1 seen\n/);
  const names = parseAllDocuments(out).map(
    (one) => (one.toJS() as { metadata: { name: string } }).metadata.name,
  );
  assert.deepEqual(names, ['observed-api', 'observed-db', 'observed-web']);
  assert.match(err, /^3 policies; 1 of 1 seen connections stay allowed$/m);
});

test('flows from a file are enough, with manifests in place of a lab', async () => {
  using folder = folderOf({ 'shop.yaml': shop });
  using flows = folderOf({
    'flows.json': JSON.stringify({ since: null, flows: [flow], lost: 0 }),
    'bad.json': '[',
  });
  const words = ['suggest', '-f', folder.path, '-o', 'json', '--flows'];
  const { code, out } = await run([...words, `${flows.path}/flows.json`]);
  assert.equal(code, 0);
  const { policies, proof } = JSON.parse(out) as {
    policies: unknown[];
    proof: { broken: unknown[]; unused: unknown[] };
  };
  assert.equal(policies.length, 3);
  assert.deepEqual([proof.broken, proof.unused], [[], []]);
  assert.match((await run([...words, `${flows.path}/bad.json`])).err, /this is no JSON/);
});

test('nothing is suggested where nothing was seen: it would close everything', async () => {
  const { connection } = await labOf([]);
  await run(['flows', '--record'], connection);
  const { code, err } = await run(['suggest'], connection);
  assert.equal(code, 2);
  assert.match(err, /nothing was seen/);
});
