import assert from 'node:assert/strict';
import { test } from 'node:test';
import dnsPacket, { type Answer } from 'dns-packet';
import { WeftError } from '../../lib/errors.ts';
import { createFakeClock, type FakeClock } from '../../lib/fake-clock.ts';
import { createAnswerCache } from './cache.ts';
import { createUpstreamCounters, type UpstreamCounters } from './counters.ts';
import { addressesOf, type ForeignAnswer } from './foreign-answer.ts';
import { createForwarder, mostFlights, type Forwarder } from './forwarder.ts';
import { createUpstreamResolver } from './resolver.ts';
import type { Exchange, UpstreamTransport } from './transport.ts';

type Ask = (
  query: { id: number; name: string },
  how: { server: string; protocol: 'udp' | 'tcp' },
) => Buffer[] | 'silent' | 'refused' | 'later';

interface World {
  readonly forwarder: Forwarder;
  readonly counters: UpstreamCounters;
  readonly clock: FakeClock;
  /** `protocol server name`, in the order in which they were asked. */
  readonly asked: string[];
}

/** A forwarder whose servers say what `ask` says; time passes only when a server is silent. */
function world(ask: Ask, servers: readonly string[] = ['192.0.2.1']): World {
  const clock = createFakeClock();
  const counters = createUpstreamCounters();
  const asked: string[] = [];
  const over =
    (protocol: 'udp' | 'tcp') =>
    async <T>({ query, server, accept }: Exchange<T>): Promise<T> => {
      const { id = 0, questions = [] } = dnsPacket.decode(Buffer.from(query));
      const { name } = questions[0] ?? { name: '' };
      asked.push(`${protocol} ${server} ${name}`);
      const said = ask({ id, name }, { server, protocol });
      if (said === 'later') return new Promise(() => {});
      if (typeof said === 'string') throw new WeftError(`upstream-${said}`, server);
      for (const message of said) {
        const value = accept(message);
        if (value !== undefined) return value;
      }
      throw new WeftError('upstream-silent', server);
    };
  const transport: UpstreamTransport = { udp: over('udp'), tcp: over('tcp') };
  const resolver = createUpstreamResolver({ transport, servers: () => servers, counters, clock });
  return { forwarder: createForwarder({ resolver, counters, clock }), counters, clock, asked };
}

const question = { name: 'www.example.com', type: 1, class: 1 };
const answers: Answer[] = [{ type: 'A', name: question.name, ttl: 10, data: '203.0.113.7' }];
const reply = (id: number, parts: { name?: string; flags?: number; answers?: Answer[] } = {}): Buffer =>
  dnsPacket.encode({
    type: 'response',
    id,
    flags: parts.flags ?? 0,
    answers: parts.answers ?? answers,
    questions: [{ type: 'A', name: parts.name ?? question.name }],
  });
const addressesIn = (answer: ForeignAnswer | undefined): string[] =>
  answer === undefined ? ['nobody knows'] : addressesOf(answer).addresses;

test('an answer is remembered for as long as it says, and gets older', async () => {
  const { forwarder, clock, asked } = world(({ id }) => [reply(id)]);
  assert.deepEqual(addressesIn(await forwarder.ask(question, 'dns')), ['203.0.113.7']);
  await clock.advance(4000);
  const again = forwarder.ask({ ...question, name: 'WWW.example.com' }, 'dns');
  assert.ok(!(again instanceof Promise));
  assert.equal(again?.answers[0]?.ttl, 6);
  await clock.advance(6000);
  await forwarder.ask(question, 'dns');
  assert.equal(asked.length, 2);
});

test('what is forgotten is asked for again, of the servers of now, and late answers are not remembered', async () => {
  const servers = ['192.0.2.1'];
  const { forwarder, asked } = world(({ id }) => [reply(id)], servers);
  const byNow = (): string[] => asked.splice(0).map((one) => one.split(' ')[1] ?? '');
  await forwarder.ask(question, 'dns');
  const late = forwarder.ask({ ...question, name: 'api.example.com' }, 'dns');
  servers.splice(0, 1, '192.0.2.2');
  forwarder.forget();
  await late;
  byNow();
  assert.deepEqual([...forwarder.remembered()], []);
  await forwarder.ask(question, 'dns');
  assert.deepEqual(byNow(), ['192.0.2.2']);
});

test('only the answer to this question counts: others are waited over', async () => {
  const forged: Answer[] = [{ type: 'A', name: question.name, ttl: 10, data: '198.51.100.66' }];
  const { forwarder, counters } = world(({ id }) => [
    reply((id + 1) & 0xffff, { answers: forged }),
    reply(id, { name: 'other.example.com', answers: forged }),
    Buffer.from([1, 2, 3]),
    reply(id),
  ]);
  assert.deepEqual(addressesIn(await forwarder.ask(question, 'dns')), ['203.0.113.7']);
  assert.equal(counters.mismatched, 3);
});

test('a truncated answer is asked for again over TCP', async () => {
  const { forwarder, asked } = world(({ id }, { protocol }) =>
    protocol === 'tcp' ? [reply(id)] : [reply(id, { flags: dnsPacket.TRUNCATED_RESPONSE, answers: [] })],
  );
  assert.deepEqual(addressesIn(await forwarder.ask(question, 'dns')), ['203.0.113.7']);
  assert.deepEqual(asked, ['udp 192.0.2.1 www.example.com', 'tcp 192.0.2.1 www.example.com']);
});

test('another server is asked where one fails, and that one last for a while', async () => {
  const servers = ['192.0.2.1', '192.0.2.2'];
  const { forwarder, asked, clock } = world(
    ({ id, name }, { server }) => (server === '192.0.2.1' ? 'silent' : [reply(id, { name })]),
    servers,
  );
  const byNow = (): string[] => asked.splice(0).map((one) => one.split(' ')[1] ?? '');
  await forwarder.ask(question, 'dns');
  assert.deepEqual(byNow(), servers);
  await forwarder.ask({ ...question, name: 'api.example.com' }, 'dns');
  assert.deepEqual(byNow(), ['192.0.2.2']);
  await clock.advance(5000);
  await forwarder.ask({ ...question, name: 'example.com' }, 'dns');
  assert.deepEqual(byNow(), servers);
});

test('nobody knows where every server fails, and that is not remembered', async () => {
  const { forwarder, asked, counters } = world(({ id }) => [reply(id, { flags: 2, answers: [] })]);
  assert.equal(await forwarder.ask(question, 'dns'), undefined);
  assert.equal(await forwarder.ask(question, 'dns'), undefined);
  assert.deepEqual([asked.length, counters.failures], [4, 4]);
});

test('the same question is asked once at a time, and no more than so many at all', async () => {
  const { forwarder, asked, counters } = world(() => 'later');
  for (let i = 0; i < 10; i++) void forwarder.ask(question, 'dns');
  assert.equal(asked.length, 1);
  for (let i = 0; i < mostFlights + 5; i++) void forwarder.ask({ ...question, name: `${i}.test` }, 'dns');
  assert.equal(asked.length, mostFlights);
  assert.equal(await forwarder.ask({ ...question, name: 'more.test' }, 'dns'), undefined);
  assert.equal(counters.refused, 7);
});

test('memory is bounded: what nobody asked for longest is forgotten first', () => {
  const cache = createAnswerCache({ clock: createFakeClock(), mostBytes: 5000 });
  const answer: ForeignAnswer = {
    rcode: 'NOERROR',
    authority: [],
    names: [question.name],
    answers: [{ type: 'A', name: question.name, ttl: 60, address: '203.0.113.7' }],
  };
  for (let i = 0; i < 100; i++) {
    cache.put(`${i}`, answer);
    cache.get('0');
  }
  assert.ok(cache.size > 2 && cache.size < 10);
  assert.ok(cache.get('0') !== undefined && cache.get('1') === undefined && cache.get('99') !== undefined);
});
