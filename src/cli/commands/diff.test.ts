import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { parse } from 'yaml';
import { createFakeLab } from '../testing/fake-lab.ts';
import { shop, shopPolicies } from '../testing/shop.ts';
import { shopCluster } from '../testing/shop-cluster.ts';
import { folderOf, run } from '../testing/terminal.ts';

const old = folderOf({ 'shop.yaml': shop, 'policies.yaml': shopPolicies });
/** The database may ask the api too, on more ports, and the Service of the api leads to one that is new. */
const changed = folderOf({
  'all.yaml': [
    shop.replace('targetPort: 9090', 'targetPort: 9091'),
    shopPolicies
      .replace('podSelector: { matchLabels: { app: web } }', 'podSelector: {}')
      .replace('port: 9090', 'port: 9090, endPort: 9091'),
  ].join('---\n'),
});
after(() => {
  old[Symbol.dispose]();
  changed[Symbol.dispose]();
});
const diff = (...words: string[]): ReturnType<typeof run> => run(['diff', old.path, changed.path, ...words]);

const text = `added    shop/db[StatefulSet] => shop/api[Deployment] : TCP 9090-9091
changed  shop/web[Deployment] => shop/api[Deployment] : TCP 9090 -> TCP 9090-9091

changed  svc:shop/api TCP 80 => shop/api[Deployment]:9090 -> shop/api[Deployment]:9091

connections: 1 added, 0 removed, 1 changed; ports of Services: 1 differ
`;

test('the text says what is added, removed and changed, with the counts, and the exit code that something is', async () => {
  const { code, out } = await diff();
  assert.equal(out, text);
  assert.equal(code, 1);
});

test('the same in other words does not differ', async () => {
  const list = (await run(['diff', old.path, old.path])).out;
  assert.equal(list, 'connections: 0 added, 0 removed, 0 changed; ports of Services: 0 differ\n');
  using other = folderOf({
    'one.yaml': [shopPolicies.replace('{ port: 9090 }', '{ port: 9090, endPort: 9090 }'), shop].join('---\n'),
  });
  assert.equal((await run(['diff', old.path, other.path])).code, 0);
});

test('JSON has what was and what is, and YAML the same', async () => {
  const { out } = await diff('-o', 'json');
  const answer = JSON.parse(out) as { connections: unknown[]; services: unknown[]; summary: unknown };
  assert.deepEqual(answer.summary, { added: 1, removed: 0, changed: 1, services: 1 });
  assert.deepEqual(answer.connections[1], {
    change: 'changed',
    source: 'shop/web[Deployment]',
    destination: 'shop/api[Deployment]',
    before: { ports: ['TCP 9090'], why: null },
    after: { ports: ['TCP 9090-9091'], why: null },
    because: null,
    doubt: null,
  });
  assert.deepEqual(parse((await diff('-o', 'yaml')).out), answer);
});

test('Markdown is a table for a comment, and CSV has a row for each', async () => {
  const md = await diff('-o', 'md');
  assert.match(md.out, /^\| change \| source \| destination \| before \| after \| because \|\n\| --- \|/);
  assert.match(md.out, /^\| added \| shop\/db\\\[StatefulSet\\\] \| .* \|  \| TCP 9090-9091 \|  \|$/m);
  const csv = await diff('-o', 'csv');
  assert.match(csv.out, /^changed,shop\/web\[Deployment\],shop\/api\[Deployment\],TCP 9090,TCP 9090-9091,$/m);
});

test('pods are told one by one with --pods', async () => {
  const { out } = await diff('--pods');
  assert.match(out, /^added {4}shop\/db-1 => shop\/api-\S+ : TCP 9090-9091$/m);
});

test('a lab is compared with the manifests that it is to have', async () => {
  const lab = createFakeLab(await shopCluster());
  const { code, out } = await run(['diff', 'lab:lab', changed.path], lab.connection);
  assert.equal(code, 1);
  assert.match(
    out,
    /^changed {2}shop\/web\[Deployment\] => shop\/api\[Deployment\] : TCP 9090 -> TCP 9090-9091$/m,
  );
  assert.match(out, /1 added, 0 removed, 1 changed/);
  assert.ok(lab.isClosed());
});

test('nothing at all stands on one side where there were no manifests yet', async () => {
  const { code, out } = await run(['diff', '/dev/null', old.path]);
  assert.equal(code, 1);
  assert.match(
    out,
    /^added {4}shop\/web\[Deployment\] => 0\.0\.0\.0\/0 : all \(shop\/web\[Deployment\] is new\)$/m,
  );
});

const mistakes: readonly [what: string, words: readonly string[], complaint: RegExp][] = [
  ['standard input twice', ['-', '-'], /only one of OLD and NEW can be standard input/],
  ['a folder that is not there', [old.path, '/nowhere/at/all'], /\/nowhere\/at\/all does not exist/],
  ['a lab that does not run', ['lab:lab', old.path], /there is no lab "lab"/],
  ['a format that is none', [old.path, old.path, '-o', 'svg'], /-o svg is not available here/],
];

for (const [what, words, complaint] of mistakes) {
  test(`${what} ends with 2`, async () => {
    const { code, out, err } = await run(['diff', ...words]);
    assert.deepEqual([code, out], [2, '']);
    assert.match(err, complaint);
  });
}
