import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resources } from '../../api/resources.ts';
import { systemClock } from '../../lib/clock.ts';
import { createFakeClock } from '../../lib/fake-clock.ts';
import { WeftError } from '../../lib/errors.ts';
import { silentLog } from '../../lib/log.ts';
import { clientCompliance, eventually, podNamed } from '../client.compliance.ts';
import { createFakeStore, type FakeStore } from '../fake/store.ts';
import type { Client } from '../port.ts';
import { createClient } from './client.ts';
import { startTinyServer, type TinyServer } from './tiny-server.ts';

interface World {
  readonly store: FakeStore;
  readonly server: TinyServer;
  readonly client: Client;
}

async function makeWorld(options: { withoutManagedFields?: boolean } = {}): Promise<World> {
  const store = createFakeStore(() => 0);
  const server = await startTinyServer(store);
  const client = createClient({ ...options, server: server.url, clock: systemClock, log: silentLog });
  return { store, server, client };
}

async function inWorld(
  body: (world: World) => Promise<void>,
  options?: Parameters<typeof makeWorld>[0],
): Promise<void> {
  const world = await makeWorld(options);
  try {
    await body(world);
  } finally {
    await world.client.close();
    await world.server.close();
  }
}

clientCompliance('the HTTP client', async () => {
  const { server, client } = await makeWorld();
  return { client, close: () => server.close() };
});

const lists = (server: TinyServer): number =>
  server.requests.filter((request) => /^GET .*\/pods\?(?!.*watch=true)/.test(request)).length;
const watches = (server: TinyServer): number =>
  server.requests.filter((request) => request.includes('watch=true')).length;

for (const withoutManagedFields of [true, false]) {
  const told = withoutManagedFields ? 'without' : 'with';
  it(`lists, events and single objects come ${told} managed fields, as the client wants`, () =>
    inWorld(
      async ({ store, server, client }) => {
        const managed = (name: string): ReturnType<typeof podNamed> => {
          const pod = podNamed(name);
          return { ...pod, metadata: { ...pod.metadata, managedFields: [{ manager: 'somebody' }] } };
        };
        store.create(resources.pods, managed('listed'));
        const informer = client.informer(resources.pods);
        await eventually(() => watches(server) === 1, 'the watch started');
        store.create(resources.pods, managed('told'));
        await eventually(() => informer.size === 2, 'both are known');
        const one = await client.get(resources.pods, { namespace: 'shop', name: 'told' });
        const managers = [...informer.values(), one].map((pod) => pod?.metadata.managedFields?.length ?? 0);
        assert.deepEqual(managers, withoutManagedFields ? [0, 0, 0] : [1, 1, 1]);
      },
      { withoutManagedFields },
    ));
}

describe('an informer over HTTP', () => {
  const has = (client: Client, name: string): boolean =>
    client.informer(resources.pods).get(`shop/${name}`) !== undefined;

  it('continues where it was after the connection broke, without a new list', () =>
    inWorld(async ({ store, server, client }) => {
      await client.create(resources.pods, podNamed('one'));
      const informer = client.informer(resources.pods);
      const told: string[] = [];
      informer.onChange(({ key, current }) => told.push(`${key} ${current !== undefined}`));
      await eventually(() => watches(server) === 1, 'the watch started');
      server.dropConnections();
      store.create(resources.pods, podNamed('two'));
      store.delete(resources.pods, { namespace: 'shop', name: 'one' });
      await eventually(() => told.length === 3, 'what happened meanwhile was told');
      assert.deepEqual(told, ['shop/one true', 'shop/two true', 'shop/one false']);
      assert.equal(lists(server), 1);
    }));

  it('lists again when the server forgot its version, and tells only the difference', () =>
    inWorld(async ({ store, server, client }) => {
      for (const name of ['stays', 'goes']) store.create(resources.pods, podNamed(name));
      const told: string[] = [];
      client
        .informer(resources.pods)
        .onChange(({ key, current }) => told.push(`${key} ${current !== undefined}`));
      await eventually(() => watches(server) === 1, 'the watch started');
      server.dropConnections();
      store.delete(resources.pods, { namespace: 'shop', name: 'goes' });
      store.create(resources.pods, podNamed('comes'));
      server.compact();
      await eventually(() => has(client, 'comes'), 'the new pod was seen');
      assert.deepEqual(told, ['shop/stays true', 'shop/goes true', 'shop/goes false', 'shop/comes true']);
      assert.equal(lists(server), 2);
    }));

  for (const [what, line] of [
    ['an ERROR event', '{"type":"ERROR","object":{"kind":"Status","code":500,"reason":"InternalError"}}'],
    ['a line that is not JSON', '{"type":"ADD'],
    ['an event without an object', '{"type":"ADDED","object":null}'],
  ] as const) {
    it(`lists again after ${what}`, () =>
      inWorld(async ({ store, server, client }) => {
        await client.informer(resources.pods).synced;
        await eventually(() => watches(server) === 1, 'the watch started');
        server.sendLine(line);
        await eventually(() => lists(server) === 2 && watches(server) === 2, 'it listed and watched again');
        store.create(resources.pods, podNamed('one'));
        await eventually(() => has(client, 'one'), 'the watch goes on');
      }));
  }

  it('has no objects of a resource that the server does not serve, and asks for it again', () =>
    inWorld(async ({ server, store }) => {
      const clock = createFakeClock();
      const client = createClient({ server: server.url, clock, log: silentLog });
      try {
        const gadgets = { ...resources.pods, plural: 'gadgets' };
        const informer = client.informer(gadgets);
        await informer.synced;
        assert.equal(informer.size, 0);
        store.create(resources.pods, podNamed('one'));
        const asked = (): number => server.requests.filter((request) => request.includes('/gadgets?')).length;
        assert.equal(asked(), 1);
        await eventually(() => clock.pending > 0, 'it waits');
        await clock.advance(10_000);
        await eventually(() => asked() === 2, 'it asked again');
      } finally {
        await client.close();
      }
    }));

  it('takes its position from bookmarks', () =>
    inWorld(async ({ server, client }) => {
      const informer = client.informer(resources.pods);
      await eventually(() => watches(server) === 1, 'the watch started');
      server.sendLine('{"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"4711"}}}');
      await eventually(() => informer.resourceVersion === '4711', 'the bookmark was taken');
      assert.equal(informer.size, 0);
    }));
});

describe('the HTTP client', () => {
  it('fetches lists page by page', () =>
    inWorld(async ({ store, server, client }) => {
      for (let i = 0; i < 4001; i++) store.create(resources.pods, podNamed(`pod-${i}`));
      assert.equal((await client.list(resources.pods)).items.length, 4001);
      assert.equal(lists(server), 3);
    }));

  it('sends many requests at once over one connection', () =>
    inWorld(async ({ client }) => {
      const names = Array.from({ length: 300 }, (_, i) => `pod-${i}`);
      await Promise.all(names.map((name) => client.create(resources.pods, podNamed(name))));
      assert.equal((await client.list(resources.pods, { namespace: 'shop' })).items.length, 300);
    }));

  it('says api-unavailable when nobody answers, and works when somebody does', async () => {
    const { server, client, store } = await makeWorld();
    store.create(resources.pods, podNamed('one'));
    server.dropConnections();
    assert.ok(await client.get(resources.pods, { namespace: 'shop', name: 'one' }));
    await server.close();
    const asking = client.get(resources.pods, { namespace: 'shop', name: 'one' });
    await assert.rejects(
      asking,
      (thrown) => thrown instanceof WeftError && thrown.code === 'api-unavailable',
    );
    await client.close();
  });

  it('never lets a name leave its place in the path', () =>
    inWorld(async ({ server, client }) => {
      await client.get(resources.pods, { namespace: 'shop', name: 'a/../../secrets?x' });
      assert.deepEqual(server.requests, ['GET /api/v1/namespaces/shop/pods/a%2F..%2F..%2Fsecrets%3Fx']);
      await assert.rejects(client.get(resources.pods, { namespace: '..', name: 'a' }), WeftError);
    }));
});
