import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { WeftError } from '../../lib/errors.ts';
import { parseMessages, type NetlinkMessage } from '../netlink/message.ts';
import { MessageWriter } from '../netlink/writer.ts';
import { encodeConntrackDelete, parseConntrackEntry } from './conntrack.ts';
import { errorOffset } from './error-offset.ts';
import { beginNetfilter } from './header.ts';
import { parseLoggedPacket } from './log.ts';
import { encodeElementBatch } from './nft-batch.ts';
import { parseTableName } from './nft-dump.ts';
import { NFT_GOTO, parseElements, writeElement } from './set-element.ts';

const decoders: readonly ((message: NetlinkMessage) => unknown)[] = [
  parseElements,
  parseTableName,
  parseLoggedPacket,
  parseConntrackEntry,
  errorOffset,
];

/** Throws what is no WeftError. */
function decodeEverything(datagram: Uint8Array): void {
  onlyWeftErrors(() => {
    for (const message of parseMessages(datagram))
      for (const decode of decoders) onlyWeftErrors(() => decode(message));
  });
}

function onlyWeftErrors(fn: () => unknown): void {
  try {
    fn();
  } catch (error) {
    if (!(error instanceof WeftError)) throw error;
  }
}

const original = {
  source: 'fd00::1',
  destination: 'fd00::2',
  protocol: 6,
  sourcePort: 1,
  destinationPort: 2,
};
const key = Buffer.from([10, 0, 0, 1]);

/** One valid datagram for each decoder. */
const samples: readonly Buffer[] = [
  encodeConntrackDelete({ original, id: 7, sequence: 1 }),
  encodeElementBatch(
    [
      { action: 'add', table: 't', set: 's', element: { key, keyEnd: key, data: key, flags: 1 } },
      { action: 'add', table: 't', set: 'm', element: { key, data: { code: NFT_GOTO, chain: 'c' } } },
    ],
    1,
    { familyOf: () => 1, write: (writer, { element }) => writeElement(writer, element) },
  ).bytes,
  loggedPacket(),
  refusal(),
];

function loggedPacket(): Buffer {
  const writer = new MessageWriter();
  beginNetfilter(writer, { type: 0x0400, flags: 0, sequence: 0, family: 2, resource: 7 });
  writer.string(10, 'prefix');
  writer.u32BE(2, 1);
  writer.attribute(9, Buffer.alloc(40));
  writer.end();
  return writer.finish();
}

/** NLMSG_ERROR with the request's header only, an extended-ack text and an offset. */
function refusal(): Buffer {
  const writer = new MessageWriter();
  writer.begin({ type: 2, flags: 0x300, sequence: 1 });
  writer.bytes(Buffer.alloc(4 + 16, 0xff));
  writer.string(1, 'no');
  writer.u32(2, 20);
  writer.end();
  return writer.finish();
}

test('the offset of what an error is about is read', () => {
  assert.deepEqual(parseMessages(refusal()).map(errorOffset), [20]);
  assert.deepEqual(parseMessages(loggedPacket()).map(errorOffset), [undefined]);
});

test('decoders survive arbitrary bytes behind a message header', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 0, max: 0xffff }), (bytes, type) => {
      const writer = new MessageWriter();
      writer.begin({ type, flags: 0x300, sequence: 0 });
      writer.bytes(bytes);
      writer.end();
      decodeEverything(writer.finish());
      decodeEverything(bytes);
    }),
  );
});

test('decoders survive valid messages with bytes changed and cut off', () => {
  const change = fc.record({ at: fc.nat(), to: fc.integer({ min: 0, max: 255 }) });
  fc.assert(
    fc.property(
      fc.constantFrom(...samples),
      fc.array(change, { maxLength: 6 }),
      fc.nat(),
      (sample, changes, cut) => {
        const bytes = Buffer.from(sample);
        for (const { at, to } of changes) bytes[at % bytes.length] = to;
        decodeEverything(bytes);
        decodeEverything(bytes.subarray(0, cut % bytes.length));
      },
    ),
    { numRuns: 500 },
  );
});
