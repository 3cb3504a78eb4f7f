import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { shop, shopPolicies } from '../testing/shop.ts';
import { folderOf, run, type Printed } from '../testing/terminal.ts';

/** Changes one file after the other, each when what the one before it changes has been told. */
async function watched(
  ...steps: readonly { readonly file: string; readonly text: string; readonly told: string }[]
): Promise<Printed> {
  using folder = folderOf({ 'shop.yaml': shop, 'policies.yaml': shopPolicies });
  return await run(['reach', '--watch', '-f', folder.path], undefined, async (_, printedNow) => {
    for (const { file, text, told } of steps) {
      writeFileSync(join(folder.path, file), text);
      for (const deadline = Date.now() + 20_000; !printedNow().includes(told); await pause(5)) {
        assert.ok(Date.now() < deadline, `not told: ${told}\n${printedNow()}`);
      }
    }
  });
}

test('a policy that changes, a file that is new, and what else changes are told as what they open and close', async () => {
  const { code, out } = await watched(
    {
      file: 'policies.yaml',
      text: shopPolicies.replace('port: 9090', 'port: 9091'),
      told: 'changed  shop/web[Deployment] => shop/api[Deployment] : TCP 9090 -> TCP 9091\n',
    },
    {
      file: 'more.yaml',
      text: shopPolicies.replace('name: api', 'name: more').replace('port: 9090', 'port: 9092'),
      told: 'TCP 9091 -> TCP 9091-9092\n',
    },
    { file: 'shop.yaml', text: shop.replaceAll('name: db,', 'name: base,'), told: 'shop/base[StatefulSet]' },
    { file: 'policies.yaml', text: '---\n', told: 'TCP 9091-9092 -> TCP 9092\n' },
  );
  assert.equal(code, 0);
  assert.match(out, /removed .*shop\/db\[StatefulSet\].* \(shop\/db\[StatefulSet\] is gone\)/);
});

test('what is broken is told, and compared with what was whole before when it is whole again', async () => {
  const { out, err } = await watched(
    { file: 'policies.yaml', text: 'kind: [', told: 'policies.yaml:1' },
    {
      file: 'policies.yaml',
      text: shopPolicies.replace('port: 9090', 'port: 9099'),
      told: 'TCP 9090 -> TCP 9099\n',
    },
  );
  assert.match(err, /policies\.yaml:1/);
  assert.equal(out.match(/^changed/gm)?.length, 1);
});

test('what depends on labels of a namespace that nobody gave is in doubt, as in the first answer', async () => {
  const byTeam = shopPolicies.replace(
    '- podSelector: { matchLabels: { app: web } }',
    '- namespaceSelector: { matchLabels: { team: web } }',
  );
  assert.notEqual(byTeam, shopPolicies);
  const why = '[in doubt: the labels of Namespace shop are not known]\n';
  const { code } = await watched(
    { file: 'policies.yaml', text: byTeam, told: why },
    {
      file: 'namespace.yaml',
      text: 'apiVersion: v1\nkind: Namespace\nmetadata: { name: shop, labels: { team: db } }\n',
      told: 'removed  shop/db[StatefulSet] => shop/api[Deployment] : TCP 9090 [in doubt',
    },
    {
      file: 'policies.yaml',
      text: shopPolicies,
      told: 'added    shop/web[Deployment] => shop/api[Deployment] : TCP 9090\n',
    },
  );
  assert.equal(code, 0);
});

test('only files can be watched, and only a table says what changes', async () => {
  const { code, err } = await run(['reach', '--watch', '-f', '-']);
  assert.equal(code, 2);
  assert.match(err, /--watch needs files or folders/);
  assert.equal((await run(['reach', '--watch', '-o', 'json', '-f', '.'])).code, 2);
});
