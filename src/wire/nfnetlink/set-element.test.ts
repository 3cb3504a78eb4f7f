import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseMessages } from '../netlink/message.ts';
import type { MessageWriter } from '../netlink/writer.ts';
import { encodeElementBatch, type ElementBatch, type ElementStep } from './nft-batch.ts';
import { parseNetfilter } from './header.ts';
import { NFT_GOTO, parseElements, writeElement, type RawElement } from './set-element.ts';

const bytes = fc.uint8Array({ minLength: 1, maxLength: 64 }).map((array) => Buffer.from(array));
const chain = fc.stringMatching(/^[a-z][a-z0-9-]{0,60}$/);
const verdict = fc.record(
  { code: fc.constantFrom(0, 1, -3, -4, -5), chain },
  { requiredKeys: ['code'], noNullPrototype: true },
);

const element: fc.Arbitrary<RawElement> = fc.record(
  { key: bytes, keyEnd: bytes, data: fc.oneof(bytes, verdict), flags: fc.integer({ min: 1, max: 3 }) },
  { requiredKeys: ['key'], noNullPrototype: true },
);

interface Step extends ElementStep {
  readonly family: number;
  readonly elements: readonly RawElement[];
}

const encode = (steps: readonly Step[], firstSequence: number): ElementBatch =>
  encodeElementBatch(steps, firstSequence, {
    familyOf: ({ family }) => family,
    write(writer: MessageWriter, { elements }) {
      for (const one of elements) writeElement(writer, one);
    },
  });

const step: fc.Arbitrary<Step> = fc.record(
  {
    action: fc.constantFrom('add', 'delete'),
    family: fc.constantFrom(1, 2, 10),
    table: fc.constantFrom('t', 'weft-services'),
    set: fc.constantFrom('a', 'b'),
    elements: fc.array(element, { minLength: 1, maxLength: 2 }),
  },
  { noNullPrototype: true },
);

const newSetElement = 0x0a0c;
const deleteSetElement = 0x0a0e;

/** Table, set and action of every element, as a decoder of the batch sees them. */
function flatten(batch: Buffer): unknown[] {
  return parseMessages(batch).flatMap((message) => {
    if (message.type !== newSetElement && message.type !== deleteSetElement) return [];
    const { family, attributes } = parseNetfilter(message);
    const action = message.type === newSetElement ? 'add' : 'delete';
    const where = { action, family, table: attributes.string(1), set: attributes.string(2) };
    return parseElements(message).map((parsed) => ({ ...where, ...parsed }));
  });
}

test('a batch holds every element, in order, under its set', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const { bytes } = encode(steps, 7);
      const expected = steps.flatMap(({ elements, ...where }) =>
        elements.map((raw) => ({ ...where, ...raw })),
      );
      assert.deepEqual(flatten(bytes), expected);
    }),
  );
});

test('a batch begins and ends as such, and only its last message is acknowledged', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => {
      const batch = encode(steps, 7);
      const messages = parseMessages(batch.bytes);
      assert.deepEqual([messages[0]?.type, messages.at(-1)?.type], [0x10, 0x11]);
      assert.deepEqual(
        messages.map(({ sequence }) => sequence),
        messages.map((_, index) => 7 + index),
      );
      const acknowledged = messages.filter(({ flags }) => (flags & 4) !== 0).map(({ sequence }) => sequence);
      assert.deepEqual(acknowledged, [batch.lastSequence]);
    }),
  );
});

test('an offset in a message leads to its step', () => {
  const steps = ['a', 'a', 'b'].map((set, index): Step => ({
    action: 'add',
    family: 1,
    table: 't',
    set,
    elements: [{ key: Buffer.from([index]) }],
  }));
  const { bytes, messages } = encode(steps, 1);
  const starts = parseMessages(bytes).map(({ payload }) => payload.byteOffset - bytes.byteOffset - 16);
  for (const [index, { first, offsets }] of messages.entries()) {
    for (const [nth, offset] of offsets.entries()) {
      const at = (starts[index + 1] ?? 0) + offset;
      // nlattr of the list element, of its key, of the value; then the key itself.
      assert.equal(bytes.readUInt16LE(at + 2) & 0x3fff, 1);
      assert.equal(bytes[at + 12], first + nth);
    }
  }
  assert.deepEqual(
    messages.map(({ first, offsets }) => [first, offsets.length]),
    [
      [0, 2],
      [2, 1],
    ],
  );
});

test('many elements are split over messages whose lists fit their 16-bit length', () => {
  const steps = Array.from({ length: 5000 }, (_, index): Step => {
    const key = Buffer.alloc(4);
    key.writeUInt32BE(index);
    const end = { key, flags: 1 };
    return {
      action: 'add',
      family: 1,
      table: 't',
      set: 's',
      elements: [{ key, data: { code: NFT_GOTO, chain: 'c' } }, end],
    };
  });
  const batch = encode(steps, 1);
  assert.ok(batch.messages.length > 1);
  const messages = parseMessages(batch.bytes).slice(1, -1).map(parseElements);
  // Both elements of a step travel together.
  for (const elements of messages) assert.equal(elements.length % 2, 0);
  assert.equal(messages.flat().length, 10_000);
});

test('a table name that holds a NUL is refused before it reaches the kernel', () => {
  const steps: Step[] = [{ action: 'add', family: 1, table: 't\0', set: 's', elements: [] }];
  assert.throws(() => encode(steps, 1), { code: 'netlink-text' });
});
