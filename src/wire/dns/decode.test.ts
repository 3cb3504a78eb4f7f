import assert from 'node:assert/strict';
import { test } from 'node:test';
import dnsPacket, { type Answer } from 'dns-packet';
import * as fc from 'fast-check';
import { decodeQuery, type DecodedQuery } from './decode.ts';
import type { DnsQuery } from './message.ts';

const header = (options: { flags?: number; questions?: number; additionals?: number } = {}): number[] => {
  const { flags = 0x0100, questions = 1, additionals = 0 } = options;
  return [0x12, 0x34, flags >> 8, flags & 255, 0, questions, 0, 0, 0, 0, 0, additionals];
};
const question = [1, 0x61, 0, 0, 1, 0, 1];
const decode = (...parts: number[][]): DecodedQuery => decodeQuery(Uint8Array.from(parts.flat()));
const queryOf = (decoded: DecodedQuery): DnsQuery => {
  assert.equal(decoded.kind, 'query');
  return (decoded as { query: DnsQuery }).query;
};

const label = fc.stringMatching(/^[a-zA-Z0-9_-]{1,20}$/);
const name = fc.array(label, { minLength: 1, maxLength: 8 }).map((labels) => labels.join('.'));

test('reads every query that dns-packet writes', () => {
  fc.assert(
    fc.property(
      fc.record({
        id: fc.nat(65_535),
        name,
        type: fc.constantFrom('A' as const, 'AAAA' as const, 'SRV' as const, 'TXT' as const, 'CAA' as const),
        udpSize: fc.option(fc.integer({ min: 1, max: 65_535 })),
      }),
      ({ id, name, type, udpSize }) => {
        const opt: Answer = {
          type: 'OPT',
          name: '.',
          udpPayloadSize: udpSize ?? 0,
          extendedRcode: 0,
          ednsVersion: 0,
          flags: 0,
          flag_do: false,
          options: [],
        };
        const packet = dnsPacket.encode({
          type: 'query',
          id,
          flags: dnsPacket.RECURSION_DESIRED,
          questions: [{ name, type }],
          additionals: udpSize === null ? [] : [opt],
        });
        const query = queryOf(decodeQuery(packet));
        assert.equal(query.id, id);
        assert.equal(query.question.name, name);
        assert.equal(query.question.type, { A: 1, AAAA: 28, SRV: 33, TXT: 16, CAA: 257 }[type]);
        assert.deepEqual(query.edns, udpSize === null ? undefined : { udpSize, version: 0 });
        assert.equal(query.recursionDesired, true);
      },
    ),
  );
});

test('ignores what is shorter than a header, and responses', () => {
  assert.equal(decode(header().slice(0, 11)).kind, 'ignore');
  assert.equal(decode(header({ flags: 0x8180 }), question).kind, 'ignore');
});

test('rejects a bare header that promises a question', () => {
  const decoded = decode(header());
  assert.deepEqual(decoded, {
    kind: 'reject',
    rcode: 'FORMERR',
    query: { id: 0x1234, opcode: 0, recursionDesired: true, checkingDisabled: false },
  });
});

test('rejects other operations than a query as not implemented', () => {
  const decoded = decode(header({ flags: 0x2800 }), question);
  assert.equal(decoded.kind === 'reject' && decoded.rcode, 'NOTIMP');
});

test('rejects two questions, records beyond the bound, and two OPT records', () => {
  const opt = [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0];
  assert.equal(decode(header({ questions: 2 }), question, question).kind, 'reject');
  assert.equal(decode(header({ additionals: 5 }), question, opt, opt, opt, opt, opt).kind, 'reject');
  assert.equal(decode(header({ additionals: 2 }), question, opt, opt).kind, 'reject');
  assert.equal(queryOf(decode(header({ additionals: 1 }), question, opt)).edns?.udpSize, 1232);
});

test('rejects compression pointers to themselves, forward, and in a circle', () => {
  const type = [0, 1, 0, 1];
  assert.equal(decode(header(), [0xc0, 12], type).kind, 'reject');
  assert.equal(decode(header(), [0xc0, 14, 0xc0, 12], type).kind, 'reject');
  assert.equal(decode(header(), [1, 0x61, 0xc0, 12], type).kind, 'reject');
  assert.equal(decode(header(), [0xc0, 18], type, [0]).kind, 'reject');
  assert.equal(decode(header(), [0xc0], []).kind, 'reject');
});

test('rejects the reserved label types and names over 255 bytes', () => {
  assert.equal(
    decode(header(), [0x40, ...Array.from({ length: 64 }, () => 97), 0, 0, 1, 0, 1]).kind,
    'reject',
  );
  const label = (size: number): number[] => [size, ...Array.from({ length: size }, () => 97)];
  const longest = [...label(63), ...label(63), ...label(63), ...label(61)];
  assert.equal(queryOf(decode(header(), longest, [0, 0, 1, 0, 1])).question.name.length, 253);
  const tooLong = [...label(63), ...label(63), ...label(63), ...label(62)];
  assert.equal(decode(header(), tooLong, [0, 0, 1, 0, 1]).kind, 'reject');
});

test('rejects a record whose data ends after the message', () => {
  const opt = [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 9];
  assert.equal(decode(header({ additionals: 1 }), question, opt).kind, 'reject');
});

test('writes dots and unprintable bytes inside labels as escapes', () => {
  const { name } = queryOf(decode(header(), [4, 0x61, 0x2e, 0x5c, 0, 1, 0xff, 0, 0, 1, 0, 1])).question;
  assert.equal(name, 'a\\.\\\\\\000.\\255');
});

test('never throws, whatever the bytes', () => {
  const noise = fc.uint8Array({ maxLength: 600 });
  const damaged = fc
    .tuple(name, fc.array(fc.tuple(fc.nat(80), fc.nat(255)), { maxLength: 6 }), fc.nat(100))
    .map(([name, edits, cut]) => {
      const packet = Uint8Array.from(dnsPacket.encode({ type: 'query', questions: [{ name, type: 'A' }] }));
      for (const [at, value] of edits) if (at < packet.length) packet[at] = value;
      return packet.subarray(0, packet.length - (cut % packet.length));
    });
  fc.assert(
    fc.property(fc.oneof(noise, damaged), (bytes) => {
      assert.ok(['query', 'reject', 'ignore'].includes(decodeQuery(bytes).kind));
    }),
    { numRuns: 2000 },
  );
});
