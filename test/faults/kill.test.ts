/**
 * Kills whatever a lab consists of, at random moments, alone and together, and looks whether people would notice.
 *
 * `WEFT_KILLS` (60) says how many, `WEFT_KILL_SEED` repeats a run. What the seed cannot repeat is the machine's own
 * timing: a seed tells which processes were killed and after how long, not what they were doing.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { resources } from '../../src/api/resources.ts';
import type { Deployment } from '../../src/api/types/apps.ts';
import type { Service } from '../../src/api/types/core.ts';
import type { NetworkPolicy } from '../../src/api/types/network.ts';
import type { RoleName } from '../../src/lab/process-file.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';
import { oneOf, randomOf, someOf } from '../support/random.ts';
import { openStream, type Stream } from './streams.ts';
import {
  eventually,
  isRunning,
  kill,
  leftoversOf,
  pause,
  pinsOf,
  processesOf,
  startWeft,
  weft,
  whenWhole,
} from './weft.ts';

const kills = Number(process.env['WEFT_KILLS'] ?? 60);
const seed = Number(process.env['WEFT_KILL_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const random = randomOf(seed);
const roles: readonly RoleName[] = ['holder', 'control', 'agents', 'dns'];
const survivable = roles.filter((role) => role !== 'holder');

const ports = { tcp: 8080, udp: 9090 };
const closed: NetworkPolicy = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'closed', namespace: 'default' },
  spec: { podSelector: { matchLabels: { name: 'guarded' } }, policyTypes: ['Ingress'], ingress: [] },
};

const service: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'server', namespace: 'default' },
  spec: {
    clusterIP: '10.96.77.7',
    selector: { name: 'server' },
    ports: [{ port: 80, targetPort: ports.tcp }],
  },
};

function workers(replicas: number): Deployment {
  const labels = { app: 'workers' };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'workers', namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'c', image: 'none', ports: [{ containerPort: ports.tcp }] }] },
      },
    },
  };
}

describe(`a lab whose processes are killed, seed ${seed}`, { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  let client: string;
  let addresses: { server: string; guarded: string };
  const recoveries: number[] = [];
  const wanted = { replicas: 2, isClosed: false };

  before(async () => {
    lab = await startLab('kill');
    await lab.apply(objects());
    client = await lab.netnsOf('default/client');
    const addressOf = async (key: string): Promise<string> => (await lab.pod(key)).status?.podIP ?? '';
    addresses = { server: await addressOf('default/server'), guarded: await addressOf('default/guarded') };
    // The client's namespace is opened by way of a process that may be killed later, and kept.
    await looksRight();
  });
  after(async () => {
    await lab.down();
    assert.deepEqual(leftoversOf(lab.name), []);
    const [median = 0, worst = 0] = [0.5, 1].map((share) => percentile(recoveries, share));
    console.log(
      `seed ${seed}: ${recoveries.length} times whole again, median ${median} ms, worst ${worst} ms`,
    );
  });

  const objects = () => [
    podOn('node-1', 'default/client'),
    podOn('node-2', 'default/server', { ports: [ports.tcp], udp: [ports.udp] }),
    podOn('node-3', 'default/guarded'),
    service,
    workers(wanted.replicas),
    ...(wanted.isClosed ? [closed] : []),
  ];

  const stream = (protocol: 'tcp' | 'udp'): Stream =>
    openStream({
      sockets: lab.sockets,
      netns: client,
      protocol,
      address: addresses.server,
      port: ports[protocol],
    });

  /** Asks for something else while processes die; what is refused meanwhile is asked for again. */
  const change = async (): Promise<void> => {
    if (random() < 0.5) wanted.replicas = 1 + Math.floor(random() * 5);
    if (random() < 0.5) wanted.isClosed = !wanted.isClosed;
    await eventually(() => lab.apply(objects()));
  };

  const killAll = async (victims: readonly RoleName[]): Promise<void> => {
    for (const victim of processesOf(lab.name).filter(({ role }) => victims.includes(role))) {
      kill(victim);
      if (random() < 0.3) await pause(random() * 30);
      while (isRunning(victim)) await pause(1);
    }
    recoveries.push(await whenWhole(lab.name));
  };

  const looksRight = async (): Promise<void> => {
    await eventually(async () => {
      assert.equal((await lab.probe(client, `${addresses.server}:${ports.tcp}`)).outcome, 'answered');
      for (const from of [client, 'node-node-1', 'node-node-3']) {
        const { outcome } = await lab.probe(from, `${service.spec.clusterIP ?? ''}:80`);
        assert.equal(outcome, 'answered', `the Service, from ${from}`);
      }
      const { outcome } = await lab.probe(client, `${addresses.guarded}:8080`);
      assert.equal(outcome, wanted.isClosed ? 'denied' : 'answered');
    });
    await eventually(async () => {
      const { items } = await lab.connection.client.list(resources.pods, {
        namespace: 'default',
        labelSelector: 'app=workers',
      });
      assert.equal(items.length, wanted.replicas);
      for (const { status } of items) {
        assert.ok(status?.podIP, 'no address');
        const { outcome } = await lab.probe(client, `${status.podIP}:${ports.tcp}`);
        assert.equal(outcome, 'answered', status.podIP);
      }
    });
    // A pod that is gone from the API answers until no Service sends to it.
    await eventually(async () => {
      const pins = pinsOf(lab.name).filter((name) => name.startsWith('pod-'));
      const all = await lab.connection.client.list(resources.pods);
      assert.equal(pins.length, all.items.length, 'pods and their namespaces');
    });
  };

  test('connections go on when anything but the holder dies, and no datagram is lost', async () => {
    const streams = [stream('tcp'), stream('udp')];
    try {
      for (let killed = 0; killed < kills * 0.5;) {
        const victims = someOf(random, survivable);
        const changing = change();
        await pause(random() * 200);
        await killAll(victims);
        await changing;
        await looksRight();
        for (const one of streams) {
          assert.deepEqual(
            await one.quiet(),
            { lost: 0, failure: undefined },
            `killed ${victims.join(', ')}`,
          );
        }
        killed += victims.length;
      }
    } finally {
      for (const one of streams) one.close();
    }
  });

  test('whatever dies with the holder comes back, as long as one process is left', async () => {
    for (let killed = 0; killed < kills * 0.3;) {
      const spared = oneOf(random, survivable);
      const victims = ['holder' as const, ...someOf(random, survivable).filter((role) => role !== spared)];
      const changing = change();
      await pause(random() * 200);
      await killAll(victims);
      await changing;
      await looksRight();
      killed += victims.length;
    }
  });
});

describe(`commands that are killed, seed ${seed}`, { skip: cannotSendPackets }, () => {
  const name = `test-commands-${process.pid}`;
  const up = ['up', '--name', name, '--wait'];
  after(() => weft('down', '--name', name));

  /** Kills the command, a process of its lab, or all of that, after a while. */
  const disturb = async (args: readonly string[], withinMs: number): Promise<number> => {
    const command = startWeft(...args);
    await pause(random() * withinMs);
    const lab = processesOf(name);
    const takesCommand = lab.length === 0 || random() < 0.5;
    if (takesCommand) command.child.kill('SIGKILL');
    const victims = lab.length > 0 && (random() < 0.5 || !takesCommand) ? someOf(random, lab) : [];
    for (const victim of victims) kill(victim);
    await command.ended;
    return victims.length + (takesCommand ? 1 : 0);
  };

  const worksAndEnds = async (): Promise<void> => {
    const { code, output } = await weft(...up);
    assert.equal(code, 0, output);
    await whenWhole(name);
    const down = await weft('down', '--name', name);
    assert.equal(down.code, 0, down.output);
    assert.deepEqual(leftoversOf(name), []);
  };

  test('the next up works whatever died during the one before', async () => {
    for (let killed = 0; killed < kills * 0.1;) {
      killed += await disturb(up, 1200);
      await worksAndEnds();
    }
  });

  test('the next down leaves nothing whatever died during up or the down before', async () => {
    for (let killed = 0; killed < kills * 0.1;) {
      killed += await disturb(up, 1200);
      if (random() < 0.5) killed += await disturb(['down', '--name', name], 250);
      const { code, output } = await weft('down', '--name', name);
      assert.equal(code, 0, output);
      assert.deepEqual(leftoversOf(name), []);
    }
  });

  test('a lab of which everything was killed at once is started anew by the next up', async () => {
    const { code, output } = await weft(...up);
    assert.equal(code, 0, output);
    const all = processesOf(name);
    while (all.some(isRunning)) for (const one of processesOf(name)) kill(one);
    // They may have started each other again.
    await eventually(async () => {
      const left = processesOf(name);
      for (const one of left) kill(one);
      assert.deepEqual(left, []);
    });
    await worksAndEnds();
  });
});

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
}
