import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Poller } from '../../kernel/poll/port.ts';
import { createPoller } from '../../kernel/poll/poller.ts';
import { createLineNetwork, line, type LineNetwork } from '../../kernel/sockets/line-network.ts';
import { systemClock } from '../../lib/clock.ts';
import { silentLog } from '../../lib/log.ts';
import type { Probe, ProbeResult, StandInAnswer } from '../port.ts';
import { createStandIns } from '../stand-in/stand-ins.ts';
import { createFakeDenials, denialOf } from './fake-denials.ts';
import { createProber, type Prober } from './prober.ts';

/* The server listens on TCP 80, UDP 53 and SCTP 9 and 10; the router rejects port 81, resets TCP port 84 and drops port 82. */
const rules = `table inet test {
  chain forward {
    type filter hook forward priority 0;
    tcp dport 81 reject
    udp dport 81 reject with icmpx admin-prohibited
    sctp dport 81 reject
    meta l4proto { tcp, udp, sctp } th dport 82 drop
    tcp dport 84 reject with tcp reset
  }
}`;

describe('probes with real packets', { skip: process.getuid?.() === 0 ? false : 'needs root' }, () => {
  let network: LineNetwork;
  let standIns: ReturnType<typeof createStandIns>;
  let poller: Poller;
  let prober: Prober;
  const denials = createFakeDenials();

  before(async () => {
    network = createLineNetwork();
    network.nft.run('router', rules);
    poller = createPoller();
    const families = ['IPv4', 'IPv6'] as const;
    standIns = createStandIns({ ...network, poller: () => poller, families, log: silentLog });
    await standIns.serve({
      uid: 'uid',
      pod: 'shop/web',
      node: 'node-1',
      netns: 'server',
      listeners: [
        { protocol: 'TCP', port: 80 },
        { protocol: 'UDP', port: 53 },
        { protocol: 'SCTP', port: 9 },
        { protocol: 'SCTP', port: 10 },
      ],
    });
    prober = createProber({ sockets: network.sockets, denials, clock: systemClock });
  });
  after(async () => {
    prober.close();
    await standIns.close();
    await poller.close();
    network.close();
  });

  const probeOf = (protocol: Probe['protocol'], port: number, address: string = line.server): Probe => ({
    netns: 'client',
    protocol,
    address,
    port,
  });

  async function resultOf(probe: Probe): Promise<Omit<ProbeResult, 'milliseconds'>> {
    const { milliseconds, ...result } = await prober.probe(probe, { timeoutMs: 200, graceMs: 0 });
    assert.ok(milliseconds >= 0);
    return result;
  }

  /** The first ones may wait for the thread that reads the sockets. */
  async function answerTo(probe: Probe): Promise<StandInAnswer> {
    for (;;) {
      const { answer } = await resultOf(probe);
      if (answer !== undefined) return answer;
    }
  }

  test('a stand-in answers and says which source address it saw', async () => {
    for (const [protocol, port] of [
      ['TCP', 80],
      ['UDP', 53],
    ] as const) {
      const { outcome, answer } = await resultOf(probeOf(protocol, port));
      assert.equal(outcome, 'answered');
      assert.ok(answer !== undefined && answer.sourcePort >= 20_000 && answer.sourcePort < 60_000);
      const { sourcePort, ...rest } = answer;
      assert.deepEqual(rest, { pod: 'shop/web', node: 'node-1', protocol, port, source: line.client });
      assert.ok(sourcePort > 0);
    }
  });

  test('who has several addresses answers from the one that was asked, in both families', async () => {
    const second = { '10.0.2.200': line.client, 'fd00:2::200': line.client6 };
    const failures = network.route.apply(
      'server',
      [...Object.keys(second), '10.0.2.201', 'fd00:2::201'].map((address) => ({
        action: 'add-address',
        address: { link: 'eth0', address: `${address}/${address.includes(':') ? 64 : 24}` },
      })),
    );
    assert.deepEqual(failures, []);
    const listeners = (['UDP', 'SCTP'] as const).map((protocol) => ({ protocol, port: 57 }));
    const several = { uid: 'several', pod: 'shop/several', node: 'node-1', netns: 'server', listeners };
    await standIns.serve({ ...several, hasSeveralAddresses: true });
    for (const [address, source] of Object.entries(second)) {
      for (const protocol of ['UDP', 'SCTP'] as const) {
        const answer = await answerTo(probeOf(protocol, 57, address));
        assert.deepEqual([answer.source, answer.pod], [source, 'shop/several'], `${protocol} ${address}`);
      }
    }
    // Otherwise the kernel chooses: a socket that asked another address is not given what it says.
    await standIns.serve({ ...several, listeners: [{ protocol: 'UDP', port: 58 }] });
    assert.equal((await resultOf(probeOf('UDP', 58, '10.0.2.200'))).outcome, 'silent');
    await standIns.unserve('several');
  });

  test('the destination’s RST and port-unreachable are refusals', async () => {
    assert.deepEqual(await resultOf(probeOf('TCP', 85)), { outcome: 'refused' });
    assert.deepEqual(await resultOf(probeOf('TCP', 84)), { outcome: 'refused' });
    assert.deepEqual(await resultOf(probeOf('UDP', 54)), { outcome: 'refused' });
  });

  test('an ICMP error of the router is a rejection by the router', async () => {
    const rejected = { outcome: 'rejected', rejectedBy: line.router };
    assert.deepEqual(await resultOf(probeOf('TCP', 81)), rejected);
    assert.deepEqual(await resultOf(probeOf('UDP', 81)), rejected);
    assert.deepEqual(await resultOf(probeOf('TCP', 80, line.elsewhere)), rejected);
  });

  test('an SCTP INIT is answered by whoever listens, aborted at other ports, and told apart from its neighbours', async () => {
    const server = { pod: 'shop/web', node: 'node-1' };
    const ends = [
      [line.server, line.client],
      [line.server6, line.client6],
    ] as const;
    for (const [address, source] of ends) {
      const ports = [9, 10, 11, 81, 82];
      const probes = ports.map((port) => probeOf('SCTP', port, address));
      const results = await prober.probeAll(probes, { timeoutMs: 300, graceMs: 0 });
      assert.deepEqual(
        results.map(({ outcome, answer }) => [outcome, answer && { ...answer, sourcePort: 0 }]),
        [
          ['answered', { ...server, protocol: 'SCTP', port: 9, source, sourcePort: 0 }],
          ['answered', { ...server, protocol: 'SCTP', port: 10, source, sourcePort: 0 }],
          ['refused', undefined],
          ['rejected', undefined],
          ['silent', undefined],
        ],
      );
    }
  });

  test('where nobody speaks SCTP, the machine that is asked refuses it, the one that asks too', async () => {
    for (const address of [line.router, line.router6, line.client, line.client6]) {
      assert.deepEqual(await resultOf(probeOf('SCTP', 9, address)), { outcome: 'refused' });
    }
  });

  test('where nobody speaks SCTP, who asks at once, each the other, or by a translated port, is refused too', async () => {
    network.nft.run(
      'client',
      `table ip turned { chain output { type nat hook output priority -100;
        ip daddr 192.0.2.77 sctp dport 90 dnat to ${line.client}:91; sctp dport 92 dnat to ${line.client}:93; }; }`,
    );
    const towards = (address: string): Probe => probeOf('SCTP', 9, address);
    const probes = [
      ...Array.from({ length: 8 }, () => towards(line.router)),
      ...Array.from({ length: 8 }, () => ({ ...towards(line.client), netns: 'router' })),
      ...Array.from({ length: 8 }, () => probeOf('SCTP', 92, line.client)),
      ...Array.from({ length: 8 }, () => probeOf('SCTP', 90, '192.0.2.77')),
    ];
    const results = await prober.probeAll(probes, { timeoutMs: 500, graceMs: 0 });
    network.nft.run('client', 'delete table ip turned');
    assert.deepEqual(new Set(results.map(({ outcome }) => outcome)), new Set(['refused']));
  });

  test('a packet that is swallowed is silence', async () => {
    assert.deepEqual(await resultOf(probeOf('TCP', 82)), { outcome: 'silent' });
    assert.deepEqual(await resultOf(probeOf('UDP', 80, line.swallowed)), { outcome: 'silent' });
  });

  test('a sender without a route says so, and one whose own filter drops is silent', async () => {
    assert.deepEqual(await resultOf({ ...probeOf('TCP', 80, '192.0.2.1'), netns: 'router' }), {
      outcome: 'unroutable',
    });
    network.nft.run(
      'client',
      'table ip own { chain output { type filter hook output priority 0; udp dport 55 drop; }; }',
    );
    assert.deepEqual(await resultOf(probeOf('UDP', 55)), { outcome: 'silent' });
  });

  test('answered probes leave no connection behind', async () => {
    const probe = probeOf('TCP', 80);
    const ports = new Set<number>();
    for (let round = 0; round < 3; round++) {
      const alike = createProber({
        sockets: network.sockets,
        denials,
        clock: systemClock,
        firstSourcePort: 7,
      });
      ports.add((await alike.probe(probe)).answer?.sourcePort ?? 0);
      alike.close();
    }
    // A connection in TIME_WAIT, on either side, would have made the prober take another port.
    assert.deepEqual([...ports], [20_007]);
  });

  test('six hundred probes of all kinds are all told right', { timeout: 30_000 }, async () => {
    const kinds = [
      [probeOf('TCP', 80), 'answered'],
      [probeOf('UDP', 53), 'answered'],
      [probeOf('TCP', 85), 'refused'],
      [probeOf('UDP', 54), 'refused'],
      [probeOf('TCP', 81), 'rejected'],
      [probeOf('UDP', 81), 'rejected'],
      [probeOf('TCP', 82), 'denied'],
      [probeOf('UDP', 82), 'denied'],
    ] as const;
    const cells = Array.from({ length: 75 }, () => kinds).flat();
    const seen = watchDrops(network);
    const results = await prober.probeAll(
      cells.map(([probe]) => probe),
      { timeoutMs: 5000 },
    );
    clearInterval(seen);
    assert.deepEqual(
      results.map(({ outcome }) => outcome),
      cells.map(([, outcome]) => outcome),
    );
  });

  /** Tells of the packets to port 82, as the policy log would: by their source port. */
  function watchDrops({ nft }: LineNetwork): NodeJS.Timeout {
    nft.run(
      'router',
      `table inet drops {
        set dropped { type inet_proto . inet_service; flags dynamic; size 65536; }
        chain forward {
          type filter hook forward priority -1;
          meta l4proto { tcp, udp } th dport 82 add @dropped { meta l4proto . th sport }
        }
      }`,
    );
    const told = new Set<string>();
    const set = { family: 'inet', table: 'drops', set: 'dropped' } as const;
    return setInterval(() => {
      for (const { key } of nft.elements('router', set, { key: ['inet_proto', 'inet_service'] })) {
        const [protocol, sourcePort] = key;
        if (told.has(key.join()) || (protocol !== 'tcp' && protocol !== 'udp')) continue;
        told.add(key.join());
        denials.tell(denialOf({ protocol, address: line.server, port: 82, sourcePort: Number(sourcePort) }));
      }
    }, 5);
  }
});
