import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { arrayAt, textAt, valueAt } from '../json.ts';
import { createTestApi, type Answer, type TestApi } from '../testing/test-api.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';

async function write(api: TestApi, name: string, at: string): Promise<string> {
  const path = `${configMaps}/${name}`;
  const exists = (await api.call('GET', path)).status === 200;
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { at } };
  const answer = await api.call(exists ? 'PUT' : 'POST', exists ? path : configMaps, { body });
  assert.ok(answer.status < 300);
  return textAt(answer.body, ['metadata', 'resourceVersion']);
}

const shown = (object: unknown): string =>
  `${textAt(object, ['metadata', 'name'])} ${textAt(object, ['data', 'at'])}`;

const items = ({ body }: Answer): string => arrayAt(body, ['items']).map(shown).join();

interface History {
  readonly api: TestApi;
  /** Of an object that changed and one that went since. */
  readonly old: string;
  readonly now: string;
}

const then = 'a old,b old';
const present = 'a new,c new';
const rest = 'b old';

/** More than is kept: version 1 is forgotten. */
const historyLimit = 32;
const forgotten = 400;

/** What is there at `old` is `then`, and what is there now is `present`. */
async function writeHistory(api: TestApi): Promise<Omit<History, 'api'>> {
  for (let i = 0; i < forgotten; i++) {
    const metadata = { name: `x-${i}`, namespace: 'kube-public' };
    api.store.put('configmaps', `kube-public/x-${i}`, { apiVersion: 'v1', kind: 'ConfigMap', metadata });
  }
  await write(api, 'a', 'old');
  const old = await write(api, 'b', 'old');
  await write(api, 'a', 'new');
  await api.call('DELETE', `${configMaps}/b`);
  return { old, now: await write(api, 'c', 'new') };
}

/** The same history as the process that wrote it knows it, and as one knows it that was started since. */
async function histories(t: TestContext): Promise<readonly (readonly [string, History])[]> {
  const directory = mkdtempSync(join(tmpdir(), 'weft-versions-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const running = createTestApi({ historyLimit });
  const path = join(directory, 'store.db');
  const stopped = createTestApi({ path, historyLimit });
  const versions = await writeHistory(stopped);
  stopped.store.close();
  const restarted = createTestApi({ path, historyLimit });
  t.after(() => restarted.store.close());
  return [
    ['running', { api: running, ...(await writeHistory(running)) }],
    ['restarted', { api: restarted, ...versions }],
  ];
}

/** What a list must show; a number is the status of a refusal. */
type Expected = typeof then | typeof present | typeof rest | number;

/** The semantics of resourceVersion for lists (KEP-1904), a row for each cell of upstream's table. */
const lists: readonly (readonly [query: string, expected: Expected])[] = [
  ['', present],
  ['resourceVersion=', present],
  ['resourceVersion=0', present],
  ['resourceVersion=OLD', present],
  ['resourceVersion=FUTURE', 504],
  ['resourceVersion=nonsense', 400],
  ['limit=9', present],
  ['limit=9&resourceVersion=0', present],
  ['limit=9&resourceVersion=OLD', then],
  ['limit=9&resourceVersion=FUTURE', 504],
  ['resourceVersionMatch=Exact', 422],
  ['resourceVersionMatch=Exact&resourceVersion=0', 422],
  ['resourceVersionMatch=Exact&resourceVersion=OLD', then],
  ['resourceVersionMatch=Exact&resourceVersion=OLD&limit=9', then],
  ['resourceVersionMatch=Exact&resourceVersion=FUTURE', 504],
  ['resourceVersionMatch=Exact&resourceVersion=1', 410],
  ['resourceVersionMatch=NotOlderThan', 422],
  ['resourceVersionMatch=NotOlderThan&resourceVersion=0', present],
  ['resourceVersionMatch=NotOlderThan&resourceVersion=OLD', present],
  ['resourceVersionMatch=NotOlderThan&resourceVersion=OLD&limit=9', present],
  ['resourceVersionMatch=NotOlderThan&resourceVersion=1', present],
  ['resourceVersionMatch=NotOlderThan&resourceVersion=FUTURE', 504],
  ['continue=TOKEN', rest],
  ['continue=TOKEN&limit=1', rest],
  ['continue=TOKEN&resourceVersion=0', rest],
  ['continue=TOKEN&resourceVersion=OLD', 400],
  ['continue=TOKEN&resourceVersionMatch=Exact&resourceVersion=0', 422],
  ['continue=TOKEN&resourceVersionMatch=NotOlderThan&resourceVersion=0', 422],
  ['continue=nonsense', 400],
];

test('a list is of the version that its options ask for, also after a restart', async (t) => {
  for (const [name, { api, old, now }] of await histories(t)) {
    const first = await api.call(
      'GET',
      `${configMaps}?limit=1&resourceVersion=${old}&resourceVersionMatch=Exact`,
    );
    const token = textAt(first.body, ['metadata', 'continue']);
    for (const [row, expected] of lists) {
      const query = row
        .replace('OLD', old)
        .replace('FUTURE', String(Number(now) + 9))
        .replace('TOKEN', token);
      const answer = await api.call('GET', `${configMaps}?${query}`);
      const context = `${name}: ${row}`;
      if (typeof expected === 'number') {
        assert.equal(answer.status, expected, context);
        continue;
      }
      assert.equal(items(answer), expected, context);
      const version = expected === present ? now : old;
      assert.equal(valueAt(answer.body, ['metadata', 'resourceVersion']), version, context);
    }
  }
});

/** Events of a watch from before, told by what they show; a number is the code of the ERROR event. */
const watches: readonly (readonly [query: string, expected: readonly string[] | number])[] = [
  ['', ['ADDED a new', 'ADDED c new']],
  ['resourceVersion=0', ['ADDED a new', 'ADDED c new']],
  ['resourceVersion=OLD', ['MODIFIED a new', 'DELETED b old', 'ADDED c new']],
  ['resourceVersion=NOW', []],
  ['resourceVersion=1', 410],
  // A store that was replaced by an older one: whoever knows more must list again.
  ['resourceVersion=FUTURE', 410],
  ['INITIAL', ['ADDED a new', 'ADDED c new', 'BOOKMARK ']],
  ['INITIAL&resourceVersion=0', ['ADDED a new', 'ADDED c new', 'BOOKMARK ']],
  ['INITIAL&resourceVersion=OLD', ['ADDED a new', 'ADDED c new', 'BOOKMARK ']],
  ['NOINITIAL&resourceVersion=OLD', ['MODIFIED a new', 'DELETED b old', 'ADDED c new']],
];

const initial = 'resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&sendInitialEvents';

test('a watch begins where its options say, also after a restart', async (t) => {
  for (const [name, { api, old, now }] of await histories(t)) {
    for (const [row, expected] of watches) {
      const query = row
        .replace('NOINITIAL', `${initial}=false`)
        .replace('INITIAL', `${initial}=true`)
        .replace('OLD', old)
        .replace('NOW', now)
        .replace('FUTURE', String(Number(now) + 9));
      const watch = await api.watch(`${configMaps}?watch=true&${query}`);
      watch.stop();
      const { lines } = watch;
      const seen = lines.map(({ type, object }) => `${String(type)} ${shown(object).trim()}`);
      const code = lines[0]?.['type'] === 'ERROR' && valueAt(lines[0], ['object', 'code']);
      assert.deepEqual(typeof expected === 'number' ? code : seen, expected, `${name}: ${row}`);
    }
    const future = `${configMaps}?watch=true&${initial}=true&resourceVersion=${Number(now) + 9}`;
    assert.equal((await api.call('GET', future)).status, 504, name);
  }
});

test('to a selector, what happened before a restart is told as if there had been none', async (t) => {
  for (const [name, { api, old }] of await histories(t)) {
    const label = (app: string): Promise<Answer> =>
      api.call('PATCH', `${configMaps}/c`, {
        body: { metadata: { labels: { app } } },
        headers: { 'content-type': 'application/merge-patch+json' },
      });
    await label('x');
    const { lines } = await api.watch(`${configMaps}?watch=true&resourceVersion=${old}&labelSelector=app=x`);
    await label('y');
    assert.deepEqual(
      lines.map(({ type, object }) => `${String(type)} ${shown(object)}`),
      ['ADDED c new', 'DELETED c new'],
      name,
    );
  }
});
