import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeSockets, type FakeSocketsOptions } from '../../kernel/sockets/fake.ts';
import type { ConnectOptions } from '../../kernel/sockets/port.ts';
import { systemClock } from '../../lib/clock.ts';
import { WeftError } from '../../lib/errors.ts';
import type { Denial, Probe } from '../port.ts';
import { createFakeDenials, denialOf } from './fake-denials.ts';
import { createProber } from './prober.ts';

const addresses = { client: ['10.0.0.1'], server: ['10.0.0.2'] };
const toWeb: Probe = { netns: 'client', protocol: 'TCP', address: '10.0.0.2', port: 80 };
const answer = {
  pod: 'a/web',
  node: 'n',
  protocol: 'TCP',
  port: 80,
  source: '10.0.0.1',
  sourcePort: 1,
} as const;

/** A prober in a network in memory, where the server listens on TCP and UDP port 80. */
function probing(options: Partial<FakeSocketsOptions> = {}, firstSourcePort = 0) {
  const denials = createFakeDenials();
  const sent: ConnectOptions[] = [];
  const sockets = createFakeSockets({
    addresses,
    answer: () => Buffer.from(`${JSON.stringify(answer)}\n`),
    ...options,
    onTheWay(packet) {
      sent.push(packet);
      return options.onTheWay?.(packet);
    },
  });
  for (const protocol of ['tcp', 'udp'] as const) sockets.listen('server', { protocol, port: 80 });
  const prober = createProber({ sockets, denials, clock: systemClock, firstSourcePort });
  return { prober, denials, sockets, sent };
}

const failsWith =
  (code: string) =>
  (thrown: unknown): boolean =>
    thrown instanceof WeftError && thrown.code === code;

test('an answer is told with who answered', async () => {
  const { prober, sockets } = probing();
  for (const protocol of ['TCP', 'UDP'] as const) {
    const { milliseconds, ...result } = await prober.probe({ ...toWeb, protocol });
    assert.deepEqual(result, { outcome: 'answered', answer });
    assert.ok(milliseconds >= 0);
  }
  assert.equal(sockets.open, 2, 'only the listeners are left open');
});

test('whoever answers something else, or only takes the connection, has answered too', async () => {
  for (const words of ['SSH-2.0-x\r\n', '{"pod":"a"}\n', '{broken\n']) {
    const { prober } = probing({ answer: () => Buffer.from(words) });
    const { milliseconds, ...result } = await prober.probe(toWeb);
    assert.deepEqual(result, { outcome: 'answered' }, words);
    assert.ok(milliseconds >= 0);
  }
  const { prober } = probing({ answer: () => undefined });
  assert.equal((await prober.probe(toWeb, { timeoutMs: 30 })).outcome, 'answered');
});

test('silence lasts as long as asked, and UDP is sent again meanwhile', async () => {
  const { prober, sent } = probing({ onTheWay: () => 'drop' });
  const options = { timeoutMs: 450, graceMs: 10 };
  assert.equal((await prober.probe({ ...toWeb, protocol: 'UDP' }, options)).outcome, 'silent');
  assert.equal(sent.length, 3);
  assert.equal((await prober.probe(toWeb, { ...options, timeoutMs: 20 })).outcome, 'silent');
});

test('a destination without a route is unroutable, and nothing is sent', async () => {
  const { prober, sent } = probing();
  assert.equal((await prober.probe({ ...toWeb, address: '10.9.9.9' })).outcome, 'unroutable');
  assert.deepEqual(sent, []);
});

test('only the destination’s own port-unreachable is a refusal', async () => {
  const errors = [
    [{ offender: '10.0.0.2', type: 3, code: 3 }, { outcome: 'refused' }],
    [
      { offender: '10.0.0.9', type: 3, code: 3 },
      { outcome: 'rejected', rejectedBy: '10.0.0.9' },
    ],
    [
      { offender: '10.0.0.2', type: 3, code: 13 },
      { outcome: 'rejected', rejectedBy: '10.0.0.2' },
    ],
  ] as const;
  for (const protocol of ['TCP', 'UDP'] as const) {
    for (const [error, expected] of errors) {
      const { prober } = probing({ onTheWay: () => ({ ...error, errno: 'ECONNREFUSED' }) });
      const { milliseconds, ...result } = await prober.probe({ ...toWeb, protocol });
      assert.deepEqual(result, expected);
      assert.ok(milliseconds >= 0);
    }
  }
});

test('evidence ends a probe at once, even where addresses were translated on the way', async () => {
  const { prober, denials, sent } = probing({ onTheWay: () => 'drop' });
  denials.answerTo(sent, (packet) => denialOf(packet, { source: '172.20.0.5', destination: '10.244.0.7' }));
  for (const protocol of ['TCP', 'UDP'] as const) {
    const result = await prober.probe({ ...toWeb, protocol }, { timeoutMs: 60_000 });
    assert.equal(result.outcome, 'denied');
    assert.equal(result.denial?.destination, '10.244.0.7');
  }
});

test('evidence of another port or protocol is somebody else’s', async () => {
  const { prober, denials, sent } = probing({ onTheWay: () => 'drop' });
  const others: ((denial: Denial) => Denial)[] = [
    (denial) => ({ ...denial, sourcePort: denial.sourcePort + 1 }),
    (denial) => ({ ...denial, protocol: 'UDP' }),
    (denial) => ({ ...denial, protocol: 'SCTP' }),
  ];
  for (const other of others) denials.answerTo(sent, (packet) => other(denialOf(packet)));
  assert.equal((await prober.probe(toWeb, { timeoutMs: 50, graceMs: 20 })).outcome, 'silent');
});

test('evidence that comes after the time-out, within the grace, still counts', async () => {
  const { prober, denials, sent } = probing({ onTheWay: () => 'drop' });
  const late = prober.probe(toWeb, { timeoutMs: 1, graceMs: 60_000 });
  setTimeout(() => denials.answerTo(sent, denialOf), 50);
  assert.equal((await late).outcome, 'denied');
});

test('running probes never share a source port, and one that is taken is passed over', async () => {
  const { prober, sockets, sent } = probing({}, 10);
  sockets.listen('client', { protocol: 'tcp', port: 20_012 });
  const results = await prober.probeAll(Array.from({ length: 100 }, () => toWeb));
  assert.ok(results.every(({ outcome }) => outcome === 'answered'));
  const ports = new Set(sent.map(({ sourcePort }) => sourcePort));
  assert.equal(ports.size, 100);
  assert.ok(!ports.has(20_012));
});

test('no more probes run at once than asked, and results keep their order', async () => {
  const { prober, sockets } = probing();
  let most = 0;
  const probes = Array.from({ length: 40 }, (_, index) => ({ ...toWeb, port: index % 2 === 0 ? 80 : 81 }));
  const running = prober.probeAll(probes, { concurrency: 5 });
  const watch = setInterval(() => (most = Math.max(most, sockets.open - 2)), 0);
  const results = await running;
  clearInterval(watch);
  assert.deepEqual(
    results.map(({ outcome }) => outcome),
    probes.map(({ port }) => (port === 80 ? 'answered' : 'refused')),
  );
  assert.ok(most <= 5, `${most} at once`);
});

test('the first error ends all probes and leaves nothing open', async () => {
  const { prober, sockets } = probing({ onTheWay: () => 'drop' });
  const probes = [toWeb, toWeb, { ...toWeb, netns: 'absent' }, toWeb];
  await assert.rejects(prober.probeAll(probes, { timeoutMs: 60_000 }), failsWith('netns-missing'));
  assert.equal(sockets.open, 2);
});

test('a probe can be aborted, before and while it runs, and closing aborts all', async () => {
  const { prober, sockets, denials } = probing({ onTheWay: () => 'drop' });
  const patient = { timeoutMs: 60_000 };
  const gone = AbortSignal.abort();
  await assert.rejects(prober.probe(toWeb, { ...patient, signal: gone }), failsWith('probe-aborted'));
  const soon = AbortSignal.timeout(20);
  await assert.rejects(prober.probe(toWeb, { ...patient, signal: soon }), failsWith('probe-aborted'));
  const running = prober.probeAll([toWeb, toWeb], patient);
  setTimeout(() => prober.close(), 20);
  await assert.rejects(running, failsWith('probe-aborted'));
  await assert.rejects(prober.probe(toWeb), failsWith('probe-aborted'));
  assert.equal(sockets.open, 2);
  assert.equal(denials.subscribers, 0);
});
