import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { createMessageBuffer, framed } from './framing.ts';

test('messages come out as they went in, however the stream is cut', () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 8 });
  fc.assert(
    fc.property(messages, fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 1 }), (messages, cuts) => {
      const stream = Uint8Array.from(messages.flatMap((message) => [...framed(message)]));
      const buffer = createMessageBuffer();
      const out: Uint8Array[] = [];
      for (let at = 0, cut = 0; at < stream.length; cut++) {
        const size = cuts[cut % cuts.length] ?? 1;
        buffer.push(stream.subarray(at, at + size));
        at += size;
        for (let message = buffer.next(); message !== undefined; message = buffer.next()) {
          out.push(message.slice());
        }
      }
      assert.deepEqual(out, messages);
    }),
  );
});

test('a message is not there before its last byte', () => {
  const buffer = createMessageBuffer();
  for (const byte of [0, 2, 7]) {
    buffer.push(Uint8Array.of(byte));
    assert.equal(buffer.next(), undefined);
  }
  buffer.push(Uint8Array.of(8));
  assert.deepEqual(buffer.next(), Uint8Array.of(7, 8));
  assert.equal(buffer.next(), undefined);
});
