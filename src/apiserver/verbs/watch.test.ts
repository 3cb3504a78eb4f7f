import assert from 'node:assert/strict';
import test from 'node:test';
import type { Clock } from '../../lib/clock.ts';
import { textAt, valueAt } from '../json.ts';
import { createTestApi, type TestApi } from '../testing/test-api.ts';

const pods = '/api/v1/namespaces/default/pods';

async function makePod(api: TestApi, name: string, labels: object = {}): Promise<number> {
  const body = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  };
  await api.call('POST', pods, { body });
  return api.store.resourceVersion;
}

const label = (api: TestApi, name: string, labels: object): Promise<unknown> =>
  api.call('PATCH', `${pods}/${name}`, {
    body: { metadata: { labels } },
    headers: { 'content-type': 'application/merge-patch+json' },
  });

const seen = (lines: readonly Record<string, unknown>[]): string[] =>
  lines.map((line) => `${String(line['type'])} ${textAt(line, ['object', 'metadata', 'name'])}`.trimEnd());

/** A clock whose timers run when the test says so. */
function manualClock(): Clock & { pass(milliseconds: number): void } {
  let now = 0;
  const timers = new Set<{ at: number; fn: () => void }>();
  return {
    now: () => now,
    monotonic: () => now,
    after(delayMs, fn) {
      const timer = { at: now + delayMs, fn };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    pass(milliseconds) {
      now += milliseconds;
      for (const timer of timers) {
        if (timer.at > now) continue;
        timers.delete(timer);
        timer.fn();
      }
    },
  };
}

test('a watch without a version begins with what is there', async () => {
  const api = createTestApi();
  await makePod(api, 'a');
  const watch = await api.watch(`${pods}?watch=true`);
  await makePod(api, 'b');
  assert.deepEqual(seen(watch.lines), ['ADDED a', 'ADDED b']);
});

test('a watch from a version continues exactly there, and sees only its namespace', async () => {
  const api = createTestApi();
  const from = await makePod(api, 'a');
  await makePod(api, 'b');
  const watch = await api.watch(`${pods}?watch=true&resourceVersion=${from}`);
  await api.call('POST', '/api/v1/namespaces/kube-system/pods', {
    body: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'x' },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    },
  });
  await api.call('DELETE', `${pods}/a`);
  assert.deepEqual(seen(watch.lines), ['ADDED b', 'DELETED a']);
  watch.stop();
  await makePod(api, 'c');
  assert.equal(watch.lines.length, 2);
});

test('to a selector, objects come and go as their labels change', async () => {
  const api = createTestApi();
  await makePod(api, 'a', { app: 'y' });
  const watch = await api.watch(
    `${pods}?watch=true&labelSelector=app=x&resourceVersion=${api.store.resourceVersion}`,
  );
  await label(api, 'a', { app: 'x' });
  await label(api, 'a', { app: 'x', more: 'z' });
  await label(api, 'a', { app: 'y' });
  await label(api, 'a', { more: 'w' });
  await api.call('DELETE', `${pods}/a`);
  assert.deepEqual(seen(watch.lines), ['ADDED a', 'MODIFIED a', 'DELETED a']);
  assert.equal(valueAt(watch.lines[2], ['object', 'metadata', 'labels', 'app']), 'x');
});

test('a version that is no longer kept ends the watch with 410', async () => {
  const api = createTestApi();
  const watch = await api.watch(`${pods}?watch=true&resourceVersion=${api.store.resourceVersion + 100}`);
  assert.equal(watch.lines[0]?.['type'], 'ERROR');
  assert.equal(valueAt(watch.lines[0], ['object', 'code']), 410);
  assert.ok(watch.ended());
});

test('bookmarks tell the version when nothing happens, and a timeout ends the watch', async () => {
  const clock = manualClock();
  const api = createTestApi({ clock });
  const watch = await api.watch(`${pods}?watch=true&allowWatchBookmarks=true&timeoutSeconds=100`);
  await api.call('POST', '/api/v1/namespaces', {
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } },
  });
  clock.pass(60_000);
  assert.deepEqual(seen(watch.lines), ['BOOKMARK']);
  assert.equal(
    valueAt(watch.lines[0], ['object', 'metadata', 'resourceVersion']),
    String(api.store.resourceVersion),
  );
  clock.pass(40_000);
  assert.ok(watch.ended());
});

test('initial events end with a marked bookmark', async () => {
  const api = createTestApi();
  await makePod(api, 'a');
  const query =
    'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
  const { lines } = await api.watch(`${pods}?${query}`);
  assert.deepEqual(seen(lines), ['ADDED a', 'BOOKMARK']);
  assert.deepEqual(valueAt(lines[1], ['object', 'metadata', 'annotations']), {
    'k8s.io/initial-events-end': 'true',
  });
});
