import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { WeftError } from '../../lib/errors.ts';
import { parseAttributes } from './attributes.ts';
import { NLM_F_ACK_TLVS, NLM_F_CAPPED, NLMSG_DONE, NLMSG_ERROR } from './message.ts';
import { parseAcknowledgement, parseMessages } from './message.ts';
import { MessageWriter } from './writer.ts';

const type = fc.integer({ min: 1, max: 0x3fff });
const payload = fc.uint8Array({ maxLength: 300 });

interface Tree {
  readonly type: number;
  readonly content: Uint8Array | readonly Tree[];
}

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.record({
    type,
    content: fc.oneof({ maxDepth: 4 }, payload, fc.array(tie('tree'), { maxLength: 4 })),
  }),
}));

function write(writer: MessageWriter, { type, content }: Tree): void {
  if (content instanceof Uint8Array) writer.attribute(type, content);
  else writer.nested(type, () => content.forEach((child) => write(writer, child)));
}

function assertReads(bytes: Uint8Array, expected: readonly Tree[]): void {
  const { all } = parseAttributes(bytes);
  assert.deepEqual(
    all.map((attribute) => attribute.type),
    expected.map((attribute) => attribute.type),
  );
  for (const [index, { content }] of expected.entries()) {
    const read = all[index]?.payload ?? Buffer.alloc(0);
    if (content instanceof Uint8Array) assert.deepEqual(Uint8Array.from(read), Uint8Array.from(content));
    else assertReads(read, content);
  }
}

test('messages with nested attributes are read as they were written, whatever the buffer had before', () => {
  const writer = new MessageWriter(16);
  fc.assert(
    fc.property(fc.array(fc.array(tree, { maxLength: 4 }), { maxLength: 5 }), (messages) => {
      writer.reset();
      for (const [sequence, attributes] of messages.entries()) {
        writer.begin({ type: 17, flags: 5, sequence });
        for (const attribute of attributes) write(writer, attribute);
        writer.end();
      }
      const parsed = parseMessages(writer.finish());
      assert.deepEqual(
        parsed.map((message) => [message.type, message.flags, message.sequence]),
        messages.map((_, sequence) => [17, 5, sequence]),
      );
      for (const [index, message] of parsed.entries()) assertReads(message.payload, messages[index] ?? []);
    }),
  );
});

test('numbers and texts come back in both byte orders', () => {
  const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
  const text = fc.string({ unit: 'grapheme' }).filter((value) => !value.includes('\0'));
  fc.assert(
    fc.property(u32, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), text, (number, large, words) => {
      const writer = new MessageWriter();
      writer.u8(1, number & 0xff);
      writer.u16(2, number & 0xffff);
      writer.u32(3, number);
      writer.u64(4, large);
      writer.u16BE(5, number & 0xffff);
      writer.u32BE(6, number);
      writer.u64BE(7, large);
      writer.string(8, words);
      writer.flag(9);
      const read = parseAttributes(writer.finish());
      const small = [read.u8(1), read.u16(2), read.u32(3), read.u16BE(5), read.u32BE(6)];
      assert.deepEqual(small, [number & 0xff, number & 0xffff, number, number & 0xffff, number]);
      assert.deepEqual([read.u64(4), read.u64BE(7), read.string(8)], [large, large, words]);
      assert.equal(read.bytes(9)?.length, 0);
      assert.equal(read.u32(10), undefined);
    }),
  );
});

test('big-endian attributes are in network byte order', () => {
  const writer = new MessageWriter();
  writer.u32BE(1, 0x01020304);
  assert.deepEqual([...writer.finish()], [8, 0, 1, 0, 1, 2, 3, 4]);
});

test('an attribute that does not fit its 16-bit length is refused', () => {
  const writer = new MessageWriter();
  const big = new Uint8Array(40_000);
  const tooLong = (error: unknown) => error instanceof WeftError && error.code === 'netlink-too-long';
  assert.throws(() => writer.attribute(1, new Uint8Array(65_532)), tooLong);
  assert.throws(() => writer.nested(1, () => [1, 2].forEach((type) => writer.attribute(type, big))), tooLong);
});

test('text with a NUL is refused instead of being cut', () => {
  assert.throws(() => new MessageWriter().string(1, 'a\0b'), { code: 'netlink-text' });
});

function errorMessage(parts: { errno: number; flags: number; request: Uint8Array; text: string }): Buffer {
  const writer = new MessageWriter();
  writer.begin({ type: NLMSG_ERROR, flags: parts.flags, sequence: 7 });
  const head = Buffer.alloc(4);
  head.writeInt32LE(-parts.errno);
  writer.bytes(head);
  writer.bytes(parts.request);
  if (parts.text !== '') writer.string(1, parts.text);
  writer.end();
  return writer.finish();
}

function request(extra: number): Buffer {
  const bytes = Buffer.alloc(16 + extra);
  bytes.writeUInt32LE(16 + extra);
  return bytes;
}

test('acknowledgements carry errno and the text behind the repeated request, capped or not', () => {
  const read = (bytes: Buffer) => parseMessages(bytes).map(parseAcknowledgement)[0];
  const text = 'Nexthop has invalid gateway';
  const flags = NLM_F_ACK_TLVS;
  assert.deepEqual(read(errorMessage({ errno: 101, flags, request: request(22), text })), {
    errno: 101,
    text,
  });
  const capped = { errno: 17, flags: flags | NLM_F_CAPPED, request: request(0), text };
  assert.deepEqual(read(errorMessage(capped)), { errno: 17, text });
  assert.deepEqual(read(errorMessage({ errno: 0, flags: 0, request: request(8), text: '' })), {
    errno: 0,
    text: '',
  });
  assert.equal(read(errorMessage({ errno: 0, flags: 0, request: request(8), text: '' }))?.errno, 0);
  const writer = new MessageWriter();
  writer.begin({ type: NLMSG_DONE, flags: 0, sequence: 1 });
  writer.end();
  assert.deepEqual(read(writer.finish()), { errno: 0, text: '' });
});

test('arbitrary bytes are refused with netlink-malformed or read, never anything else', () => {
  const nearlyValid = fc
    .tuple(fc.integer({ min: 0, max: 80 }), fc.constantFrom(2, 3, 16), fc.uint8Array({ maxLength: 80 }))
    .map(([length, type, rest]) => Buffer.from([length, 0, 0, 0, type, 0, 0, 3, ...rest]));
  const readAll = (bytes: Uint8Array, depth: number): void => {
    for (const { payload } of parseAttributes(bytes).all) if (depth > 0) readAll(payload, depth - 1);
  };
  const guarded = (fn: () => void): void => {
    try {
      fn();
    } catch (error) {
      assert.ok(error instanceof WeftError && error.code === 'netlink-malformed', String(error));
    }
  };
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), nearlyValid), (bytes) => {
      guarded(() => parseMessages(bytes).forEach(parseAcknowledgement));
      guarded(() => readAll(bytes, 3));
      guarded(() => parseAttributes(bytes).all.forEach(({ type }) => parseAttributes(bytes).u64BE(type)));
    }),
    { numRuns: 2000 },
  );
});
