import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { formatAddress, type Family } from '../../lib/address.ts';
import { parseMessages } from '../netlink/message.ts';
import {
  encodeConntrackDelete,
  encodeConntrackDump,
  encodeMarkChange,
  parseConntrackEntry,
  type RawTuple,
} from './conntrack.ts';
import { parseNetfilter } from './header.ts';

const port = fc.integer({ min: 0, max: 0xffff });
const word = fc.integer({ min: 0, max: 0xffff_ffff });
const addressOf = (family: Family): fc.Arbitrary<string> =>
  fc
    .bigInt({ min: 0n, max: family === 'IPv4' ? (1n << 32n) - 1n : (1n << 128n) - 1n })
    .map((value) => formatAddress({ family, value }));

const tuple = fc.constantFrom<Family>('IPv4', 'IPv6').chain((family): fc.Arbitrary<RawTuple> => {
  const ends = { source: addressOf(family), destination: addressOf(family) };
  const byte = fc.integer({ min: 0, max: 255 });
  const ported = fc.record(
    {
      ...ends,
      protocol: fc.constantFrom(6, 17, 132),
      sourcePort: port,
      destinationPort: port,
    },
    { noNullPrototype: true },
  );
  const ping = fc.record(
    {
      ...ends,
      protocol: fc.constant(family === 'IPv4' ? 1 : 58),
      sourcePort: fc.constant(0),
      destinationPort: fc.constant(0),
      icmp: fc.record({ identifier: port, type: byte, code: byte }, { noNullPrototype: true }),
    },
    { noNullPrototype: true },
  );
  return fc.oneof(ported, ping);
});

/** What a request says, read back by the decoder of entries: tuples are written the same way. */
function decode(request: Buffer): { family: number; original: RawTuple; mark: number; id: number } {
  const [message] = parseMessages(withReply(request));
  assert.ok(message !== undefined);
  const { original, mark, id } = parseConntrackEntry(message);
  return { family: parseNetfilter(message).family, original, mark, id };
}

/** The request with its original tuple repeated as the reply, which entries have and requests lack. */
function withReply(request: Buffer): Buffer {
  const length = request.readUInt16LE(20);
  const reply = Buffer.from(request.subarray(20, 20 + length));
  reply.writeUInt16LE(0x8002, 2);
  const all = Buffer.concat([request, reply]);
  all.writeUInt32LE(all.length, 0);
  return all;
}

test('requests name entries by a tuple that decodes to itself, in its own family', () => {
  fc.assert(
    fc.property(tuple, word, word, (original, value, id) => {
      const family = original.source.includes(':') ? 10 : 2;
      const change = decode(encodeMarkChange({ original, id, sequence: 1 }, { value, mask: 0xffff_ffff }));
      assert.deepEqual(change, { family, original, mark: value, id: 0 });
      const deletion = decode(encodeConntrackDelete({ original, id, sequence: 1 }));
      assert.deepEqual(deletion, { family, original, mark: 0, id });
    }),
  );
});

test('a mark is changed in what exists only, and the mask goes along', () => {
  const original = {
    source: '10.0.0.1',
    destination: '10.0.0.2',
    protocol: 6,
    sourcePort: 1,
    destinationPort: 2,
  };
  const [message] = parseMessages(encodeMarkChange({ original, sequence: 1 }, { value: 1, mask: 3 }));
  assert.ok(message !== undefined);
  // NLM_F_REQUEST and NLM_F_ACK, and no NLM_F_CREATE.
  assert.deepEqual([message.type, message.flags], [0x0100, 5]);
  assert.equal(parseNetfilter(message).attributes.u32BE(21), 3);
});

test('a dump asks for everything of a family', () => {
  const [message] = parseMessages(encodeConntrackDump(10, 3));
  assert.ok(message !== undefined);
  assert.deepEqual([message.type, message.flags, parseNetfilter(message).family], [0x0101, 0x301, 10]);
});

test('text that is no address is refused', () => {
  const original = {
    source: 'nowhere',
    destination: '10.0.0.2',
    protocol: 6,
    sourcePort: 1,
    destinationPort: 2,
  };
  assert.throws(() => encodeConntrackDelete({ original, sequence: 1 }), { code: 'netlink-malformed' });
});
