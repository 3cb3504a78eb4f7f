import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock, type FakeClock } from '../../lib/fake-clock.ts';
import { silentLog } from '../../lib/log.ts';
import { createUpstreamCounters, type UpstreamCounters } from '../upstream/counters.ts';
import type { ForeignAnswer } from '../upstream/foreign-answer.ts';
import { createDomainGate, longestHoldMs, type DomainAgents, type DomainGate } from './gate.ts';

const question = { name: 'www.example.com', type: 1, class: 1 };
const answer = (ttl: number): ForeignAnswer => ({
  rcode: 'NOERROR',
  authority: [],
  names: ['www.example.com', 'edge.example.net'],
  answers: [{ type: 'A', name: 'edge.example.net', ttl, address: '203.0.113.7' }],
});

interface World {
  readonly gate: DomainGate;
  readonly clock: FakeClock;
  readonly counters: UpstreamCounters;
  /** `name addresses ttl` of what the agents were told. */
  readonly lessons: string[];
  /** Policies come to use names, or cease to. */
  readonly use: (changes: { added?: string[]; removed?: string[] }) => void;
  /** Other agents take over. */
  readonly restart: () => void;
}

/** A gate before answers that all are `answer`, and agents that learn as `learn` does. */
function world(learn: () => Promise<void> = () => Promise.resolve(), ttl = (): number => 60): World {
  const clock = createFakeClock();
  const counters = createUpstreamCounters();
  const lessons: string[] = [];
  let following: Parameters<DomainAgents['follow']>[0] | undefined;
  const agents: DomainAgents = {
    follow(options) {
      following = options;
      options.onOpen();
      return new Promise(() => {});
    },
    learn({ name, addresses, ttl: seconds }) {
      lessons.push(`${name} ${addresses.join()} ${seconds}`);
      return learn();
    },
  };
  const forwarder = { ask: () => answer(ttl()), remembered: () => [answer(ttl())] };
  const gate = createDomainGate({ forwarder, agents, counters, clock, log: silentLog });
  gate.start();
  return {
    gate,
    clock,
    counters,
    lessons,
    use: (changes) => following?.onValue(changes),
    restart: () => following?.onOpen(),
  };
}

test('an answer for a name that no policy uses is given out at once', () => {
  const { gate, lessons, use } = world();
  use({ added: ['*.example.org', 'example.com'] });
  assert.ok(!(gate.ask(question, 'dns') instanceof Promise));
  assert.deepEqual(lessons, []);
});

test('an answer is held back until the agents have learned the name, or the alias, that a policy uses', async () => {
  for (const name of ['*.example.com', 'edge.example.net']) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { gate, use, lessons, clock } = world(() => promise);
    use({ added: [name] });
    let isOut = false;
    const asked = Promise.resolve(gate.ask(question, 'dns')).then(() => (isOut = true));
    await clock.advance(longestHoldMs - 1);
    assert.equal(isOut, false);
    resolve();
    await asked;
    const told = name.startsWith('*') ? 'www.example.com' : name;
    assert.ok(lessons.length > 0 && lessons.every((one) => one === `${told} 203.0.113.7 60`));
  }
});

test('what the agents know is not told again, unless it lives longer, or the agents are others', async () => {
  let ttl = 60;
  const { gate, use, lessons, clock, restart } = world(undefined, () => ttl);
  use({ added: ['www.example.com'] });
  await clock.advance(0);
  assert.ok(!(gate.ask(question, 'dns') instanceof Promise));
  assert.equal(lessons.length, 1);
  ttl = 61;
  await gate.ask(question, 'dns');
  assert.equal(lessons.length, 2);
  restart();
  use({ added: ['www.example.com'] });
  assert.equal(lessons.length, 3);
});

test('names that a policy comes to use are told of answers that were given out before', () => {
  const { use, lessons } = world();
  use({ added: ['*.example.net'] });
  assert.deepEqual(lessons, ['edge.example.net 203.0.113.7 60']);
});

test('a name that policies cease to use is told no more', () => {
  const { gate, use, lessons, restart } = world();
  restart();
  use({ added: ['*.example.net'] });
  use({ removed: ['*.example.net'] });
  assert.ok(!(gate.ask(question, 'dns') instanceof Promise));
  assert.equal(lessons.length, 1);
});

test('an answer is given out all the same when agents fail or take too long, and that is counted', async () => {
  const failing = world(() => Promise.reject(new Error('no agents')));
  failing.use({ added: ['www.example.com'] });
  await failing.clock.advance(0);
  assert.notEqual(await failing.gate.ask(question, 'dns'), undefined);
  assert.equal(failing.counters.unprogrammed, 2);

  const slow = world(() => new Promise(() => {}));
  slow.use({ added: ['www.example.com'] });
  const asked = slow.gate.ask(question, 'dns');
  await slow.clock.advance(longestHoldMs);
  assert.notEqual(await asked, undefined);
  assert.equal(slow.counters.unprogrammed, 2);
});
