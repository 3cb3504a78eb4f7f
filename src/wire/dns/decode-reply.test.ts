import assert from 'node:assert/strict';
import { test } from 'node:test';
import dnsPacket, { type Answer, type Packet } from 'dns-packet';
import * as fc from 'fast-check';
import { decodeReply } from './decode-reply.ts';
import { encodeQuery, encodeResponse } from './encode.ts';
import type { DnsRecord, DnsReply } from './message.ts';

const flags = dnsPacket.RECURSION_DESIRED;
const questions = [{ type: 'A' as const, name: 'www.example.com' }];
const reply = (parts: Partial<Packet>): Buffer =>
  dnsPacket.encode({ type: 'response', id: 7, flags, questions, ...parts });
const decoded = (bytes: Uint8Array): DnsReply => {
  const found = decodeReply(bytes);
  assert.ok(found);
  return found;
};

test('reads the records of every type it knows, as dns-packet writes them', () => {
  const { answers, authority, id, rcode } = decoded(
    reply({
      answers: [
        { type: 'CNAME', name: 'www.example.com', ttl: 9, data: 'edge.example.net' },
        { type: 'A', name: 'edge.example.net', ttl: 60, data: '203.0.113.10' },
        { type: 'AAAA', name: 'edge.example.net', ttl: 60, data: '2001:db8::1' },
        {
          type: 'SRV',
          name: 's.example.com',
          ttl: 1,
          data: { priority: 1, weight: 2, port: 3, target: 't.example' },
        },
        { type: 'MX', name: 'example.com', ttl: 1, data: { preference: 5, exchange: 'mail.example.com' } },
      ],
      authorities: [
        {
          type: 'SOA',
          name: 'example.com',
          ttl: 30,
          data: {
            mname: 'ns.example.com',
            rname: 'h.example.com',
            serial: 1,
            refresh: 2,
            retry: 3,
            expire: 4,
            minimum: 5,
          },
        },
      ],
    }),
  );
  assert.deepEqual({ id, rcode }, { id: 7, rcode: 0 });
  assert.deepEqual(answers.slice(0, 4), [
    { name: 'www.example.com', ttl: 9, type: 'CNAME', target: 'edge.example.net' },
    { name: 'edge.example.net', ttl: 60, type: 'A', address: '203.0.113.10' },
    { name: 'edge.example.net', ttl: 60, type: 'AAAA', address: '2001:db8::1' },
    { name: 's.example.com', ttl: 1, type: 'SRV', priority: 1, weight: 2, port: 3, target: 't.example' },
  ]);
  assert.deepEqual(authority[0], {
    name: 'example.com',
    ttl: 30,
    type: 'SOA',
    primary: 'ns.example.com',
    mailbox: 'h.example.com',
    serial: 1,
    refresh: 2,
    retry: 3,
    expire: 4,
    minimum: 5,
  });
});

test('a record of a type without a meaning here is handed on, its compressed names spelled out', () => {
  // MX 5 mail.<pointer to example.com of the question>
  const data = [0, 5, 4, ...Buffer.from('mail'), 0xc0, 16];
  const header = reply({ questions: [{ type: 'MX', name: 'www.example.com' }] });
  header.writeUInt16BE(1, 6);
  const bytes = Buffer.concat([
    header,
    Buffer.from([0xc0, 12, 0, 15, 0, 1, 0, 0, 0, 9, 0, data.length, ...data]),
  ]);
  const { answers, question } = decoded(bytes);
  const response = { query: { id: 1, opcode: 0, recursionDesired: true, checkingDisabled: false, question } };
  const again = encodeResponse({
    ...response,
    rcode: 'NOERROR',
    authoritative: false,
    answers,
    authority: [],
    additionals: [],
  });
  assert.deepEqual(
    dnsPacket.decode(Buffer.from(again)).answers?.map((one) => 'data' in one && one.data),
    [{ preference: 5, exchange: 'mail.example.com' }],
  );
});

test('a query is no reply, and of a truncated one only the question counts', () => {
  assert.equal(decodeReply(encodeQuery(1, { name: 'a', type: 1, class: 1 })), undefined);
  const cut = reply({ flags: flags | dnsPacket.TRUNCATED_RESPONSE, answers: [] });
  cut.writeUInt16BE(50, 6);
  assert.deepEqual(
    { ...decoded(cut), id: 0 },
    {
      id: 0,
      truncated: true,
      rcode: 0,
      question: { name: 'www.example.com', type: 1, class: 1 },
      answers: [],
      authority: [],
    },
  );
});

test('a lifetime with the highest bit set is none', () => {
  const bytes = reply({
    answers: [{ type: 'A', name: 'www.example.com', ttl: 0x80000000, data: '1.2.3.4' }],
  });
  assert.equal(decoded(bytes).answers[0]?.ttl, 0);
});

test('whatever bytes come in are decoded or refused, and what is decoded can be written', () => {
  const answer: fc.Arbitrary<Answer> = fc.constantFrom<Answer>(
    { type: 'A', name: 'www.example.com', ttl: 1, data: '1.2.3.4' },
    { type: 'CNAME', name: 'www.example.com', ttl: 1, data: 'a.example.com' },
    { type: 'MX', name: 'www.example.com', ttl: 1, data: { preference: 1, exchange: 'm.example.com' } },
    { type: 'TXT', name: 'www.example.com', ttl: 1, data: 'x' },
  );
  const mutation = fc.record({ at: fc.nat(200), byte: fc.nat(255) });
  const write = (records: readonly DnsRecord[]): Uint8Array =>
    encodeResponse({
      query: { id: 1, opcode: 0, recursionDesired: true, checkingDisabled: false },
      rcode: 'NOERROR',
      authoritative: false,
      answers: records,
      authority: [],
      additionals: [],
    });
  fc.assert(
    fc.property(fc.array(answer), fc.array(mutation), fc.nat(300), (answers, mutations, length) => {
      const bytes = Uint8Array.from(reply({ answers })).subarray(0, Math.max(length, 12));
      for (const { at, byte } of mutations) bytes[at] = byte;
      const found = decodeReply(bytes);
      if (found !== undefined) write([...found.answers, ...found.authority]);
    }),
    { numRuns: 3000, seed: 8 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void decodeReply(bytes)),
    { seed: 8 },
  );
});
