import assert from 'node:assert/strict';
import { test } from 'node:test';
import dnsPacket, { type Answer } from 'dns-packet';
import * as fc from 'fast-check';
import { encodeResponse, largestUdpPayload, udpLimit } from './encode.ts';
import { decodeQuery } from './decode.ts';
import { recordTypes, type DnsRecord, type DnsResponse } from './message.ts';

const response = (parts: Partial<DnsResponse> & { name?: string; edns?: true } = {}): DnsResponse => {
  const { name = 'web.default.svc.cluster.local', edns, ...rest } = parts;
  return {
    query: {
      id: 7,
      opcode: 0,
      recursionDesired: true,
      checkingDisabled: false,
      question: { name, type: recordTypes.A, class: 1 },
      ...(edns === true ? { edns: { udpSize: 1232, version: 0 } } : {}),
    },
    rcode: 'NOERROR',
    authoritative: true,
    answers: [],
    authority: [],
    additionals: [],
    ...rest,
  };
};

/** Few different labels, so that compression has something to find. */
const label = fc.constantFrom('a', 'A', 'web', 'default', 'svc', 'cluster', 'local', '_http', '10-1-2-3');
const name = fc.array(label, { minLength: 1, maxLength: 6 }).map((labels) => labels.join('.'));
const ttl = fc.nat(86_400);
const port = fc.nat(65_535);
const record: fc.Arbitrary<DnsRecord> = fc.oneof(
  fc.record({ type: fc.constant('A' as const), name, ttl, address: fc.ipV4() }),
  fc.record({
    type: fc.constant('AAAA' as const),
    name,
    ttl,
    address: fc.constantFrom('fd00::1', '2001:db8::ff:0:1', '::'),
  }),
  fc.record({
    type: fc.constantFrom('CNAME' as const, 'PTR' as const, 'NS' as const),
    name,
    ttl,
    target: name,
  }),
  fc.record({
    type: fc.constant('SRV' as const),
    name,
    ttl,
    priority: port,
    weight: port,
    port,
    target: name,
  }),
  fc.record({
    type: fc.constant('TXT' as const),
    name,
    ttl,
    texts: fc.array(fc.string({ maxLength: 40 }), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    type: fc.constant('SOA' as const),
    name,
    ttl,
    primary: name,
    mailbox: name,
    serial: fc.nat(),
    refresh: ttl,
    retry: ttl,
    expire: ttl,
    minimum: ttl,
  }),
);

/** What dns-packet should make of a record. */
function seenAs(record: DnsRecord): object {
  const { name, ttl, type, ...data } = record;
  return { name, ttl, type, data: dataSeenAs(record) ?? data };
}

function dataSeenAs(record: DnsRecord): unknown {
  if ('address' in record) return record.address;
  if ('texts' in record) return record.texts;
  if (record.type === 'SRV') return undefined;
  if ('target' in record) return record.target;
  if (record.type === 'other') return undefined;
  const { primary: mname, mailbox: rname, serial, refresh, retry, expire, minimum } = record;
  return { mname, rname, serial, refresh, retry, expire, minimum };
}

function seen(answer: Answer): unknown {
  const { name, type } = answer;
  if (!('ttl' in answer) || !('data' in answer)) return answer;
  const data = type === 'TXT' ? (answer.data as Buffer[]).map(String) : answer.data;
  return { name, ttl: answer.ttl, type, data };
}

const records = fc.array(record, { maxLength: 5 });

test('dns-packet reads back every record written', () => {
  fc.assert(
    fc.property(records, records, records, (answers, authority, additionals) => {
      const decoded = dnsPacket.decode(
        Buffer.from(encodeResponse(response({ answers, authority, additionals }))),
      );
      assert.deepEqual(decoded.answers?.map(seen), answers.map(seenAs));
      assert.deepEqual(decoded.authorities?.map(seen), authority.map(seenAs));
      assert.deepEqual(decoded.additionals?.map(seen), additionals.map(seenAs));
      assert.equal(decoded.id, 7);
      assert.equal(decoded.flag_aa && decoded.flag_rd && decoded.flag_qr, true);
      assert.equal(decoded.flag_tc || decoded.flag_ra, false);
    }),
  );
});

test('repeats the question in the client’s own spelling and points answers at it', () => {
  const name = 'WeB.default.SVC.cluster.local';
  const bytes = encodeResponse(
    response({ name, answers: [{ type: 'A', name, ttl: 5, address: '10.96.0.1' }] }),
  );
  assert.equal(bytes.length, 12 + name.length + 2 + 4 + 2 + 10 + 4);
  assert.equal(dnsPacket.decode(Buffer.from(bytes)).answers?.[0]?.name, name);
});

test('writes names with any byte in their labels back as they were read', () => {
  const query = Uint8Array.from([
    0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 0x2e, 0x5c, 0xff, 1, 0x20, 0, 0, 1, 0, 1,
  ]);
  const decoded = decodeQuery(query);
  assert.equal(decoded.kind, 'query');
  const bytes = encodeResponse({ ...response(), query: (decoded as { query: DnsResponse['query'] }).query });
  assert.deepEqual(bytes.subarray(12), query.subarray(12));
});

test('never exceeds the limit, keeps whole records in order and says when answers were left out', () => {
  fc.assert(
    fc.property(
      fc.array(record, { maxLength: 60 }),
      fc.array(record, { maxLength: 10 }),
      fc.integer({ min: 512, max: 1500 }),
      fc.option(fc.constant(true as const), { nil: undefined }),
      (answers, additionals, limit, edns) => {
        const whole = response({ answers, additionals, ...(edns === undefined ? {} : { edns }) });
        const bytes = encodeResponse(whole, limit);
        assert.ok(bytes.length <= limit);
        const decoded = dnsPacket.decode(Buffer.from(bytes));
        const kept = decoded.answers?.length ?? 0;
        assert.deepEqual(decoded.answers?.map(seen), answers.slice(0, kept).map(seenAs));
        assert.equal(decoded.flag_tc, kept < answers.length);
        assert.equal(decoded.additionals?.some((record) => record.type === 'OPT') ?? false, edns === true);
        if (kept < answers.length) assert.ok(encodeResponse(whole).length > limit);
      },
    ),
  );
});

test('a truncated answer is as full as it can be', () => {
  const answers = Array.from({ length: 100 }, (_, i): DnsRecord => {
    return { type: 'A', name: 'web.default.svc.cluster.local', ttl: 5, address: `10.0.0.${i}` };
  });
  const decoded = dnsPacket.decode(Buffer.from(encodeResponse(response({ answers }), 512)));
  assert.equal(decoded.answers?.length, Math.floor((512 - 12 - 35) / 16));
});

test('answers BADVERS through the upper bits in OPT', () => {
  const bytes = encodeResponse(response({ rcode: 'BADVERS', edns: true }));
  const decoded = dnsPacket.decode(Buffer.from(bytes));
  assert.equal((bytes[3] ?? 0) & 15, 0);
  const opt = decoded.additionals?.[0];
  assert.equal(opt?.type === 'OPT' && opt.extendedRcode, 1);
  assert.equal(opt?.type === 'OPT' && opt.udpPayloadSize, largestUdpPayload);
});

test('an error without a question is a bare header', () => {
  const { question: _, ...query } = response().query;
  const bytes = encodeResponse({ ...response({ rcode: 'FORMERR' }), query, authoritative: false });
  assert.deepEqual([...bytes], [0, 7, 0x81, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
});

test('SRV targets are never compressed', () => {
  const target = 'web.default.svc.cluster.local';
  const bytes = encodeResponse(
    response({
      answers: [{ type: 'SRV', name: target, ttl: 5, priority: 0, weight: 100, port: 80, target }],
    }),
  );
  assert.equal(bytes.length, 12 + 35 + 2 + 10 + 6 + target.length + 2);
});

test('refuses records that no message can hold', () => {
  const long = { type: 'CNAME', name: 'a', ttl: 5, target: 'x'.repeat(64) } as const;
  assert.throws(() => encodeResponse(response({ answers: [long] })), { code: 'dns-name-invalid' });
  const twoDots = { type: 'CNAME', name: 'a', ttl: 5, target: 'a..b' } as const;
  assert.throws(() => encodeResponse(response({ answers: [twoDots] })), { code: 'dns-name-invalid' });
  const address = { type: 'A', name: 'a', ttl: 5, address: '300.1.1.1' } as const;
  assert.throws(() => encodeResponse(response({ answers: [address] })), { code: 'dns-address-invalid' });
});

test('the UDP limit stays between the plain size and what never fragments', () => {
  assert.equal(udpLimit(undefined), 512);
  assert.equal(udpLimit({ udpSize: 0 }), 512);
  assert.equal(udpLimit({ udpSize: 900 }), 900);
  assert.equal(udpLimit({ udpSize: 65_535 }), 1232);
});
