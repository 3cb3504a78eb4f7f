import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import * as fc from 'fast-check';
import type { Service } from '../../lib/lifecycle.ts';
import { silentLog } from '../../lib/log.ts';
import { createRpcServer } from '../../lib/rpc.ts';
import type { Denial } from '../port.ts';
import { createDenialStream } from './denial-stream.ts';
import { decodeDenial } from './denial.ts';
import { denialOf } from './fake-denials.ts';

const directory = mkdtempSync(join(tmpdir(), 'weft-denials-'));
after(() => rmSync(directory, { recursive: true }));

const denial = (sourcePort: number): Denial =>
  denialOf({ protocol: 'tcp', address: '10.0.0.2', port: 80, sourcePort });

/** The agents' side: `push` reaches every reader. */
function agents(path: string): Service & { push(value: unknown): void } {
  const readers = new Set<(value: unknown) => void>();
  const server = createRpcServer({
    path,
    log: silentLog,
    routes: {
      'GET /denials': () => ({
        stream(push) {
          readers.add(push);
          return () => readers.delete(push);
        },
      }),
    },
  });
  return {
    ...server,
    push(value) {
      for (const reader of readers) reader(value);
    },
  };
}

function collect(stream: { subscribe(callback: (denial: Denial) => void): () => void }) {
  const seen: Denial[] = [];
  let wake: () => void = () => {};
  const end = stream.subscribe((denial) => {
    seen.push(denial);
    wake();
  });
  const until = async (isLast: (sourcePort: number) => boolean): Promise<void> => {
    while (!seen.some(({ sourcePort }) => isLast(sourcePort)))
      await new Promise<void>((resolve) => (wake = resolve));
  };
  return { seen, until, end };
}

test('what is pushed after ready reaches every subscriber, and malformed values do not', async () => {
  const path = join(directory, 'a.sock');
  const server = agents(path);
  await server.start();
  const stream = createDenialStream(path);
  const [first, second] = [collect(stream), collect(stream)];
  await stream.ready();
  server.push(denial(1));
  server.push({ ...denial(2), sourcePort: 'two' });
  server.push(denial(3));
  await Promise.all([first, second].map((one) => one.until((port) => port === 3)));
  second.end();
  server.push(denial(4));
  await first.until((port) => port === 4);
  assert.deepEqual(
    first.seen.map(({ sourcePort }) => sourcePort),
    [1, 3, 4],
  );
  assert.equal(second.seen.length, 2);
  stream.close();
  await server.stop();
});

test(
  'the stream is opened again when the agents were restarted, and as soon as they are there',
  { timeout: 10_000 },
  async () => {
    const path = join(directory, 'b.sock');
    const stream = createDenialStream(path);
    const collected = collect(stream);
    for (let round = 1; round <= 2; round++) {
      const server = agents(path);
      await server.start();
      // That the earlier server is gone may not be known yet: then what is pushed now is lost.
      const pushing = setInterval(() => server.push(denial(round)), 5);
      await collected.until((port) => port === round);
      clearInterval(pushing);
      await server.stop();
    }
    stream.close();
  },
);

test('without agents, ready does not wait for ever', async () => {
  const elapsed: number[] = [];
  const clock = {
    now: () => 0,
    monotonic: () => 0,
    after(delayMs: number, fn: () => void) {
      elapsed.push(delayMs);
      const timer = setImmediate(fn);
      return () => clearImmediate(timer);
    },
  };
  const stream = createDenialStream(join(directory, 'absent.sock'), { clock });
  const end = stream.subscribe(() => {});
  await stream.ready();
  assert.ok(elapsed.includes(2000));
  end();
  stream.close();
});

test('decoding takes denials only, and never throws', () => {
  assert.deepEqual(decodeDenial(JSON.parse(JSON.stringify(denial(1)))), denial(1));
  for (const field of Object.keys(denial(1))) {
    assert.equal(decodeDenial({ ...denial(1), [field]: undefined }), undefined, field);
  }
  fc.assert(
    fc.property(fc.anything(), (value) => {
      decodeDenial(value);
    }),
  );
});
