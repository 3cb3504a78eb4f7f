import assert from 'node:assert/strict';
import { test } from 'node:test';
import dnsPacket, { type DecodedPacket } from 'dns-packet';
import * as fc from 'fast-check';
import { silentLog } from '../lib/log.ts';
import { createDnsModel } from '../model/dns/model.ts';
import type { ZoneAnswer } from '../model/dns/records.ts';
import { createDnsCounters, type DnsCounters } from './counters.ts';
import { createResponder, type Responder, type Transport } from './responder.ts';

interface Bench {
  readonly responder: Responder;
  readonly counters: DnsCounters;
  readonly ask: (packet: Uint8Array, transport?: Transport) => DecodedPacket & { rcode?: string };
}

function bench(options: { answer?: () => ZoneAnswer; ready?: boolean } = {}): Bench {
  const model = createDnsModel({ zone: 'cluster.local', ttl: 5 });
  for (let i = 0; i < 3; i++) {
    model.setPod(`ns/p${i}`, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'ns', name: `p${i}` },
      spec: { containers: [] },
      status: { podIP: `10.244.0.${i + 1}` },
    });
  }
  const counters = createDnsCounters();
  const responder = createResponder({
    model: options.answer === undefined ? model : { answer: options.answer },
    ready: () => options.ready ?? true,
    counters,
    log: silentLog,
  });
  return {
    responder,
    counters,
    ask(packet, transport = 'udp') {
      const answer = responder.respond(packet, { transport, netns: 'dns', source: '10.244.0.9' });
      assert.ok(answer instanceof Uint8Array);
      return dnsPacket.decode(Buffer.from(answer));
    },
  };
}

const query = (name: string, parts: object = {}): Uint8Array =>
  dnsPacket.encode({ type: 'query', id: 99, questions: [{ type: 'A', name, ...parts }] });
const podName = '10-244-0-1.ns.pod.cluster.local';
const many = (count: number): ZoneAnswer => ({
  rcode: 'NOERROR',
  authoritative: true,
  answers: [
    { name: 'x', ttl: 5, type: 'CNAME', target: 'y' },
    ...Array.from({ length: count }, (_, i) => ({
      name: 'y',
      ttl: 5,
      type: 'A' as const,
      address: `10.0.0.${i}`,
    })),
  ],
  authority: [],
  additionals: [],
});

test('answers from the zone and counts it', () => {
  const { ask, counters } = bench();
  const answer = ask(query(podName));
  assert.deepEqual([answer.id, answer.rcode, answer.flag_aa], [99, 'NOERROR', true]);
  assert.deepEqual(
    answer.answers?.map((record) => 'data' in record && record.data),
    ['10.244.0.1'],
  );
  assert.equal(ask(query('no.cluster.local'), 'tcp').rcode, 'NXDOMAIN');
  assert.deepEqual(counters.requests, { udp: 1, tcp: 1 });
  assert.deepEqual([counters.responses.NOERROR, counters.responses.NXDOMAIN], [1, 1]);
});

test('answers SERVFAIL until the cluster is known', () => {
  assert.equal(bench({ ready: false }).ask(query(podName)).rcode, 'SERVFAIL');
});

test('a name outside the zone does not exist, and nobody is told to cache it', () => {
  const answer = bench().ask(query('example.com'));
  assert.deepEqual(
    [answer.rcode, answer.flag_aa, answer.flag_ra, answer.authorities],
    ['NXDOMAIN', false, false, []],
  );
});

test('refuses other classes and zone transfers', () => {
  assert.equal(bench().ask(query('version.bind', { class: 'CH' })).rcode, 'REFUSED');
  assert.equal(bench().ask(query('cluster.local', { type: 'AXFR' }), 'tcp').rcode, 'REFUSED');
});

test('answers BADVERS to an EDNS version it does not know', () => {
  const opt = {
    type: 'OPT',
    name: '.',
    udpPayloadSize: 1232,
    extendedRcode: 0,
    ednsVersion: 1,
    flags: 0,
    flag_do: false,
    options: [],
  } as const;
  const packet = dnsPacket.encode({
    type: 'query',
    questions: [{ type: 'A', name: podName }],
    additionals: [{ ...opt, options: [] }],
  });
  const answer = bench().ask(packet);
  assert.equal(answer.additionals?.[0]?.type === 'OPT' && answer.additionals[0].extendedRcode, 1);
  assert.deepEqual(answer.answers, []);
});

test('addresses take turns at the beginning, after the aliases', () => {
  const { ask } = bench({ answer: () => many(3) });
  const seen = [1, 2, 3].map(() =>
    ask(query('x')).answers?.map((record) => ('data' in record ? record.data : '')),
  );
  for (const data of seen) {
    assert.equal(data?.[0], 'y');
    assert.deepEqual(new Set(data?.slice(1)), new Set(['10.0.0.0', '10.0.0.1', '10.0.0.2']));
  }
  assert.equal(new Set(seen.map((data) => data?.[1])).size, 3);
});

test('cuts what does not fit a datagram, but not over TCP', () => {
  const { ask, counters } = bench({ answer: () => many(100) });
  assert.equal(ask(query('x')).flag_tc, true);
  const whole = ask(query('x'), 'tcp');
  assert.deepEqual([whole.flag_tc, whole.answers?.length], [false, 101]);
  assert.equal(counters.truncated, 1);
});

test('a record that cannot be written costs its own answer only', () => {
  const { ask, counters } = bench({
    answer: () => ({ ...many(0), answers: [{ name: 'x', ttl: 5, type: 'A', address: 'nowhere' }] }),
  });
  assert.equal(ask(query('x')).rcode, 'SERVFAIL');
  assert.equal(counters.responses.SERVFAIL, 1);
});

test('does not answer answers, and rejects a bare header by its id', () => {
  const { responder, counters, ask } = bench();
  const response = dnsPacket.encode({ type: 'response', questions: [{ type: 'A', name: podName }] });
  assert.equal(
    responder.respond(response, { transport: 'udp', netns: 'dns', source: '10.244.0.9' }),
    undefined,
  );
  assert.equal(
    responder.respond(new Uint8Array(11), { transport: 'udp', netns: 'dns', source: '10.244.0.9' }),
    undefined,
  );
  assert.equal(counters.ignored, 2);
  const answer = ask(Uint8Array.from([1, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
  assert.deepEqual([answer.id, answer.rcode], [0x0102, 'FORMERR']);
});

test('never throws, and what it answers is readable, whatever comes in', () => {
  const { responder } = bench();
  const damaged = fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 5 }).map((edits) => {
    const packet = Uint8Array.from(query(podName));
    for (const [at, value] of edits) if (at < packet.length) packet[at] = value;
    return packet;
  });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), damaged), (packet) => {
      const answer = responder.respond(packet, { transport: 'udp', netns: 'dns', source: '10.244.0.9' });
      if (answer === undefined) return;
      assert.ok(answer instanceof Uint8Array);
      assert.ok(answer.length <= 1232);
      assert.equal(dnsPacket.decode(Buffer.from(answer)).type, 'response');
    }),
    { numRuns: 1000 },
  );
});
