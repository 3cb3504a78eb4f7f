import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { WeftError } from './errors.ts';
import { silentLog } from './log.ts';
import { rpcCall } from './rpc-client.ts';
import { rpcStream } from './rpc-stream.ts';
import type { RpcHandler } from './rpc-port.ts';
import { createRpcServer } from './rpc.ts';

const directory = mkdtempSync(join(tmpdir(), 'weft-rpc-'));
after(() => rmSync(directory, { recursive: true }));
let sockets = 0;

async function serving(
  routes: Record<string, RpcHandler>,
  run: (path: string) => Promise<void>,
  options: { bodyLimit?: number } = {},
): Promise<void> {
  const path = join(directory, `${++sockets}.sock`);
  const server = createRpcServer({ path, routes, log: silentLog, ...options });
  await server.start();
  try {
    await run(path);
  } finally {
    await server.stop();
  }
}

const failsWith =
  (code: string) =>
  (thrown: unknown): boolean =>
    thrown instanceof WeftError && thrown.code === code;

describe('calls', () => {
  test('a handler sees parameters, query and body, and its value comes back', async () => {
    const echo: RpcHandler = ({ parameters, query, body }) => ({
      body: { parameters, tag: query.get('tag'), body },
    });
    await serving({ 'PUT /pods/:uid/:part': echo }, async (path) => {
      assert.deepEqual(await rpcCall(path, 'PUT', '/pods/a%2Fb/x?tag=1', { n: [1, 'ü'] }), {
        parameters: { uid: 'a/b', part: 'x' },
        tag: '1',
        body: { n: [1, 'ü'] },
      });
    });
  });

  test('a reply without a body is undefined', async () => {
    await serving({ 'DELETE /x': () => ({}) }, async (path) => {
      assert.equal(await rpcCall(path, 'DELETE', '/x'), undefined);
    });
  });

  test('many calls at once each get their own answer', async () => {
    const double: RpcHandler = ({ body }) => ({ body: Number(body) * 2 });
    await serving({ 'POST /double': double }, async (path) => {
      const answers = await Promise.all(
        Array.from({ length: 300 }, (_, n) => rpcCall(path, 'POST', '/double', n)),
      );
      assert.deepEqual(
        answers,
        Array.from({ length: 300 }, (_, n) => n * 2),
      );
    });
  });

  test('a call survives a server restart on the same path', async () => {
    const path = join(directory, 'restart.sock');
    const routes = { 'GET /': () => ({ body: 1 }) };
    for (let round = 0; round < 3; round++) {
      const server = createRpcServer({ path, routes, log: silentLog });
      await server.start();
      assert.equal(await rpcCall(path, 'GET', '/'), 1);
      await server.stop();
    }
  });
});

describe('errors', () => {
  test('a WeftError crosses the socket with its code, message, hint and fault', async () => {
    const refuse: RpcHandler = () => {
      throw new WeftError('no-luck', 'it failed', { hint: 'Try again.', fault: 'environment' });
    };
    await serving({ 'GET /': refuse }, async (path) => {
      await assert.rejects(rpcCall(path, 'GET', '/'), (thrown) => {
        assert.ok(thrown instanceof WeftError);
        assert.deepEqual(
          [thrown.code, thrown.message, thrown.hint, thrown.fault],
          ['no-luck', 'it failed', 'Try again.', 'environment'],
        );
        return true;
      });
    });
  });

  test('what is thrown by accident is told to the log only', async () => {
    const broken: RpcHandler = () => {
      throw new TypeError('secret');
    };
    await serving({ 'GET /': broken }, async (path) => {
      await assert.rejects(rpcCall(path, 'GET', '/'), (thrown) => {
        assert.ok(failsWith('rpc-internal')(thrown));
        assert.doesNotMatch(String(thrown), /secret/);
        return true;
      });
    });
  });

  test('only what is thrown by accident is logged as an error', async () => {
    const errors: unknown[] = [];
    const path = join(directory, 'logged.sock');
    const log = { ...silentLog, error: (fields: unknown) => void errors.push(fields) };
    const routes: Record<string, RpcHandler> = {
      'GET /refused': () => {
        throw new WeftError('no-luck', 'it failed');
      },
      'GET /broken': () => {
        throw new TypeError('x is undefined');
      },
    };
    const server = createRpcServer({ path, routes, log });
    await server.start();
    for (const url of ['/refused', '/absent', '/broken']) await assert.rejects(rpcCall(path, 'GET', url));
    await server.stop();
    assert.deepEqual(errors, [{ url: '/broken', error: 'x is undefined' }]);
  });

  test('an unknown route and a malformed escape have codes of their own', async () => {
    await serving({ 'GET /a/:b': () => ({}) }, async (path) => {
      await assert.rejects(rpcCall(path, 'GET', '/elsewhere'), failsWith('rpc-no-route'));
      await assert.rejects(rpcCall(path, 'PUT', '/a/b'), failsWith('rpc-no-route'));
      await assert.rejects(rpcCall(path, 'GET', '/a/%E0%A4'), failsWith('rpc-malformed'));
    });
  });

  test('a body beyond the limit is refused and the server goes on', async () => {
    await serving(
      { 'PUT /': () => ({ body: 'taken' }) },
      async (path) => {
        await assert.rejects(rpcCall(path, 'PUT', '/', 'x'.repeat(5000)), failsWith('rpc-body-too-large'));
        assert.equal(await rpcCall(path, 'PUT', '/', 'x'), 'taken');
      },
      { bodyLimit: 1000 },
    );
  });

  test('nobody on the socket is rpc-unreachable', async () => {
    await assert.rejects(rpcCall(join(directory, 'absent.sock'), 'GET', '/'), failsWith('rpc-unreachable'));
  });
});

describe('the socket file', () => {
  test('only the owner may open it, and it is gone after stop', async () => {
    let made = '';
    await serving({}, async (path) => {
      made = path;
      assert.equal(statSync(path).mode & 0o777, 0o600);
    });
    assert.equal(existsSync(made), false);
  });

  test('a stale socket file is replaced', async () => {
    const path = join(directory, 'stale.sock');
    await leaveStaleSocket(path);
    const server = createRpcServer({ path, routes: { 'GET /': () => ({ body: 1 }) }, log: silentLog });
    await server.start();
    assert.equal(await rpcCall(path, 'GET', '/'), 1);
    await server.stop();
  });

  test('a socket that somebody answers on is left alone', async () => {
    await serving({ 'GET /': () => ({ body: 'first' }) }, async (path) => {
      const second = createRpcServer({ path, routes: {}, log: silentLog });
      await assert.rejects(second.start(), failsWith('rpc-in-use'));
      assert.equal(await rpcCall(path, 'GET', '/'), 'first');
    });
  });

  test('something that is not a socket is never removed', async () => {
    const path = join(directory, 'file');
    writeFileSync(path, 'precious');
    const server = createRpcServer({ path, routes: {}, log: silentLog });
    await assert.rejects(server.start(), failsWith('rpc-path-taken'));
    assert.ok(existsSync(path));
  });

  test('a path that does not fit into sun_path is refused by name', async () => {
    const path = join(directory, 'x'.repeat(120));
    const server = createRpcServer({ path, routes: {}, log: silentLog });
    await assert.rejects(server.start(), failsWith('rpc-path-invalid'));
  });
});

describe('streams', () => {
  test('every pushed value arrives in order, and aborting tells the server', async () => {
    let push: ((value: unknown) => void) | undefined;
    const gone = Promise.withResolvers<void>();
    const stream: RpcHandler = () => ({
      stream(send) {
        push = send;
        return () => gone.resolve();
      },
    });
    await serving({ 'GET /denials': stream }, async (path) => {
      const seen: unknown[] = [];
      const abort = new AbortController();
      const ended = rpcStream(path, '/denials', {
        signal: abort.signal,
        onOpen() {
          for (let n = 0; n < 1000; n++) push?.({ n });
        },
        onValue(value) {
          seen.push(value);
          if (seen.length === 1000) abort.abort();
        },
      });
      await ended;
      await gone.promise;
      assert.deepEqual(
        seen,
        Array.from({ length: 1000 }, (_, n) => ({ n })),
      );
    });
  });

  test('a stream whose server goes away ends', async () => {
    const path = join(directory, 'ends.sock');
    const server = createRpcServer({
      path,
      routes: { 'GET /s': () => ({ stream: () => () => {} }) },
      log: silentLog,
    });
    await server.start();
    const opened = Promise.withResolvers<void>();
    const ended = rpcStream(path, '/s', {
      signal: new AbortController().signal,
      onOpen: opened.resolve,
      onValue() {},
    });
    await opened.promise;
    await server.stop();
    await assert.rejects(ended, failsWith('rpc-unreachable'));
  });

  test('an error before the stream is the stream’s error', async () => {
    await serving({}, async (path) => {
      const options = { signal: new AbortController().signal, onValue() {} };
      await assert.rejects(rpcStream(path, '/s', options), failsWith('rpc-no-route'));
    });
  });

  test('a reader that stops reading is cut off instead of filling the memory', async () => {
    const cut = Promise.withResolvers<void>();
    const flood: RpcHandler = () => ({
      stream(push) {
        const line = 'x'.repeat(1 << 16);
        const timer = setInterval(() => push(line), 0);
        return () => {
          clearInterval(timer);
          cut.resolve();
        };
      },
    });
    await serving({ 'GET /s': flood }, async (path) => {
      const { connect } = await import('node:net');
      const reader = connect({ path }).on('error', () => {});
      reader.write('GET /s HTTP/1.1\r\nhost: x\r\n\r\n');
      reader.pause();
      await cut.promise;
      reader.destroy();
    });
  });
});

/** Closing a Node server unlinks its path, so the file is moved away meanwhile, as a killed process leaves it. */
async function leaveStaleSocket(path: string): Promise<void> {
  const { renameSync } = await import('node:fs');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(`${path}.x`, resolve));
  renameSync(`${path}.x`, path);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  chmodSync(path, 0o600);
}
