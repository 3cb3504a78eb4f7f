/**
 * Isolation before the first packet, and of what the agents do not know, with packets.
 *
 *     node-1, pods 10.244.0.0/24    cage/far
 *     node-2, pods 10.244.1.0/24    cage/near, and whatever a test makes: its addresses are the next free ones
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket as Connection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import { cannotSendPackets, places, podOn, startLab, type TestLab } from '../support/lab.ts';
import { eventually, openFlow, silenceMs, type Flow } from './flow.ts';
import { killRole } from './processes.ts';
import { enforce, namespace, policy } from './objects.ts';
import { createRogue, type Rogue } from './rogue.ts';

describe('isolation', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  let scratch: string;

  before(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'weft-isolation-'));
    lab = await startLab('isolation');
    await lab.apply([namespace('cage'), podOn('node-1', 'cage/far'), podOn('node-2', 'cage/near')]);
    await enforce(lab, policy('cage/shut', { podSelector: { matchLabels: { caged: 'yes' } } }));
  });
  after(async () => {
    await lab?.down();
    rmSync(scratch, { recursive: true });
  });

  /** Addresses that the next pods of node-2 get: the lowest free ones. */
  const nextAddresses = async (count: number): Promise<string[]> => {
    const last = Number((await lab.pod('cage/near')).status?.podIP?.split('.').at(-1));
    return Array.from({ length: count }, (_, index) => `10.244.1.${last + 1 + index}`);
  };

  test('no packet passes in the first moments of an isolated pod, however early it comes', async () => {
    const targets = await nextAddresses(6);
    const senders = await Promise.all(['cage/far', 'cage/near'].map((key) => lab.netnsOf(key)));
    const hammers = senders.map((netns) => startHammer(lab, netns, targets));
    const names = targets.map((_, index) => ({ name: `new-${index}`, caged: index > 0 }));
    await lab.apply([
      namespace('cage'),
      podOn('node-1', 'cage/far'),
      podOn('node-2', 'cage/near'),
      ...names.map(({ name, caged }) =>
        podOn('node-2', `cage/${name}`, { udp: [5353], labels: caged ? { caged: 'yes' } : {} }),
      ),
    ]);
    const addressOf = async (name: string): Promise<string> =>
      (await lab.pod(`cage/${name}`)).status?.podIP ?? '';
    const free = await addressOf('new-0');
    await eventually('the free pod is reached', () => hammers.every(({ passed }) => passed.has(free)));
    const caged = await Promise.all(names.filter((each) => each.caged).map(({ name }) => addressOf(name)));
    assert.deepEqual(caged.toSorted(), targets.filter((target) => target !== free).toSorted());
    for (const hammer of hammers) {
      hammer.stop();
      assert.deepEqual([...hammer.passed], [free]);
    }
  });

  test('what the server says is cut as well, in both its directions', async () => {
    const server = await listenInPod(lab, 'cage/near', 7000);
    const client = openFlow(lab.sockets, await lab.netnsOf('cage/far'), {
      protocol: 'tcp',
      address: (await lab.pod('cage/near')).status?.podIP ?? '',
      port: 7000,
    });
    const connection = await server.connected;
    connection.write('{"pod":"first"}\n');
    assert.equal((await client.answer())?.pod, 'first');
    await enforce(lab, policy('cage/p', { podSelector: { matchLabels: { name: 'near' } } }));
    connection.write('{"pod":"second"}\n');
    client.ask();
    assert.equal(await client.answer(silenceMs), undefined);
    assert.equal(connection.bytesRead, 0);
    await enforce(lab, policy('cage/p', { podSelector: { matchLabels: { name: 'nobody' } } }));
    assert.equal((await client.answer())?.pod, 'second');
    await eventually('what the client said arrives', () => connection.bytesRead > 0);
    client.close();
    server.close();
  });

  test('a pod link that the agents do not know neither sends nor receives, agents dead or alive', async () => {
    const place = places[1];
    assert.ok(place !== undefined);
    const rogue = createRogue(lab, scratch, place);
    try {
      await staysOut(rogue);
    } finally {
      rogue.close();
    }
  });

  async function staysOut(rogue: Rogue): Promise<void> {
    const near = (await lab.pod('cage/near')).status?.podIP ?? '';
    const reaches = async (): Promise<{ out: boolean; in: boolean }> => {
      const out = openFlow(rogue.sockets, 'rogue', { protocol: 'tcp', address: near, port: 8080 });
      const into = openFlow(lab.sockets, await lab.netnsOf('cage/near'), {
        protocol: 'udp',
        address: rogue.address,
        port: 7001,
      });
      out.ask();
      into.ask();
      await sleep(silenceMs);
      const result = { out: out.pending().length > 0, in: rogue.heard() };
      out.close();
      into.close();
      return result;
    };
    rogue.wire();
    assert.deepEqual(await reaches(), { out: false, in: false });
    await eventually('it is wired well', async () => {
      // The agents take it back within milliseconds.
      rogue.introduce();
      const passed = await reaches();
      return passed.out && passed.in;
    });
    await eventually('the agents have taken it back', () => !rogue.isIntroduced());
    assert.deepEqual(await reaches(), { out: false, in: false });

    const back = killRole(lab, 'agents');
    assert.deepEqual(await reaches(), { out: false, in: false });
    await back;
    assert.equal(rogue.isWired(), false, 'agents remove the links of pods that are not there');
    rogue.wire();
    assert.deepEqual(await reaches(), { out: false, in: false });
  }
});

describe('ClusterNetwork establishedConnections: keep', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  const flows: Flow[] = [];

  before(async () => {
    const { defaultNetworkConfig } = await import('../../src/model/network/config.ts');
    lab = await startLab('keep', { config: { ...defaultNetworkConfig, establishedConnections: 'keep' } });
    await lab.apply([
      namespace('cage'),
      podOn('node-1', 'cage/far'),
      podOn('node-2', 'cage/near', { udp: [5353] }),
    ]);
  });
  after(async () => {
    for (const flow of flows) flow.close();
    await lab?.down();
  });

  test('what is established goes on, what is new is denied', async () => {
    const address = (await lab.pod('cage/near')).status?.podIP ?? '';
    const far = await lab.netnsOf('cage/far');
    flows.push(openFlow(lab.sockets, far, { protocol: 'tcp', address, port: 8080 }));
    flows.push(openFlow(lab.sockets, far, { protocol: 'udp', address, port: 5353 }));
    for (const flow of flows) {
      flow.ask();
      assert.ok(await flow.answer());
    }
    await enforce(lab, policy('cage/p', { podSelector: {} }));
    for (const flow of flows) {
      flow.ask();
      assert.ok(await flow.answer());
    }
    assert.equal((await lab.probe(far, `${address}:8080`)).outcome, 'denied');
  });
});

/** Sends TCP and UDP packets to addresses again and again, and notes who let anything of them through. */
function startHammer(
  lab: TestLab,
  netns: string,
  targets: readonly string[],
): { readonly passed: ReadonlySet<string>; stop(): void } {
  const passed = new Set<string>();
  let flows: { address: string; flow: Flow }[] = [];
  const look = (): void => {
    for (const { address, flow } of flows) {
      // A refusal of the pod itself is an answer, too: the packet got there.
      if (flow.pending().length > 0 || flow.error === 'ECONNREFUSED') passed.add(address);
      flow.close();
    }
  };
  const strike = (): void => {
    look();
    flows = targets.flatMap((address) =>
      (
        [
          { protocol: 'udp', port: 5353 },
          { protocol: 'tcp', port: 8080 },
        ] as const
      ).flatMap((how) => {
        const flow = tryFlow(lab, netns, { ...how, address });
        flow?.ask();
        return flow === undefined ? [] : [{ address, flow }];
      }),
    );
  };
  const timer = setInterval(strike, 8);
  return {
    passed,
    stop() {
      clearInterval(timer);
      look();
    },
  };
}

/** Undefined while the kernel of the sender knows no way. */
function tryFlow(lab: TestLab, netns: string, target: Parameters<typeof openFlow>[2]): Flow | undefined {
  try {
    return openFlow(lab.sockets, netns, target);
  } catch {
    return undefined;
  }
}

/** A server inside a pod that says what the test wants, when it wants. */
async function listenInPod(
  lab: TestLab,
  key: string,
  port: number,
): Promise<{ readonly connected: Promise<Connection>; close(): void }> {
  const fd = lab.sockets.listen(await lab.netnsOf(key), { protocol: 'tcp', port });
  const { promise, resolve } = Promise.withResolvers<Connection>();
  const server: Server = createServer((connection) => {
    connection.on('error', () => {});
    connection.resume();
    resolve(connection);
  });
  server.listen({ fd });
  return {
    connected: promise,
    close() {
      server.close();
      void promise.then((connection) => connection.destroy());
    },
  };
}
