/**
 * Packets that are too large for a link behind a Service: who sent them is told as of the Service's address, and sends smaller
 * ones. The client takes nothing that it has not asked for.
 *
 *     internet 1500    node-1   client 1450    tunnel 1450    node-2   server, by a route of 1300
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import { resources } from '../../src/api/resources.ts';
import type { IcmpError } from '../../src/kernel/sockets/port.ts';
import { families, inFamily, type Family } from '../../src/lib/address.ts';
import { machineNetns, nodeNetns } from '../../src/model/fabric/default-fabric.ts';
import { networkConfigOf } from '../../src/model/network/config.ts';
import { labNodeAddress } from '../../src/model/network/lab-addresses.ts';
import type { StandInAnswer } from '../../src/workload/port.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';
import { eventually } from './flow.ts';
import { policy, serviceOf } from './objects.ts';
import { pinOf } from './processes.ts';

const missing = ['ip', 'nsenter'].filter((program) => spawnSync(program, ['-V']).error !== undefined);
const skip = cannotSendPackets || (missing.length > 0 && `needs ${missing.join(', ')}`);

const narrowBytes = 1300;
const nodePorts = { TCP: 30_080, UDP: 30_053 } as const;
/** What errors say of a packet that is too large, in RFC 792 and RFC 4443. */
const tooBig = { IPv4: 'type 3 code 4', IPv6: 'type 2 code 0' } as const;

/** A kernel remembers the size for an address, so that each protocol has an address of its own. */
const web = (protocol: 'TCP' | 'UDP'): ReturnType<typeof serviceOf> => {
  const service = serviceOf('web', { type: 'NodePort', ipFamilyPolicy: 'RequireDualStack' });
  const ports = service.spec.ports?.filter((port) => (port.protocol ?? 'TCP') === protocol) ?? [];
  return {
    ...service,
    metadata: { name: `web-${protocol.toLowerCase()}`, namespace: 'default' },
    spec: { ...service.spec, ports: ports.map((port) => ({ ...port, nodePort: nodePorts[protocol] })) },
  };
};

describe('packets that are too large for a link behind a Service', { skip }, () => {
  let lab: TestLab;
  const clusterIPs: Record<string, readonly string[]> = {};

  before(async () => {
    lab = await startLab('pathmtu', { nodes: 2, config: networkConfigOf(undefined, families) });
    await lab.apply([
      podOn('node-1', 'default/client'),
      podOn('node-2', 'default/server', { labels: { app: 'web' }, udp: [5353] }),
      web('TCP'),
      web('UDP'),
      policy('default/closed', {
        podSelector: { matchLabels: { name: 'client' } },
        policyTypes: ['Ingress'],
      }),
    ]);
    for (const { metadata, spec } of (await lab.connection.client.list(resources.services)).items) {
      clusterIPs[metadata.name] = spec.clusterIPs ?? [];
    }
    const { podIPs = [] } = (await lab.pod('default/server')).status ?? {};
    for (const { ip = '' } of podIPs) narrow(ip);
  });
  after(() => lab?.down());

  const byHand = (...words: string[]): string => {
    const args = [`--net=${pinOf(lab, nodeNetns('node-2'))}`, 'ip', ...words];
    const { status, stdout, stderr } = spawnSync('nsenter', args, { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return stdout;
  };
  /** In a table of its own, for the node's routes are Weft's. */
  const narrow = (address: string): void => {
    const family = address.includes(':') ? '-6' : '-4';
    const [, link = ''] = / dev (\S+)/.exec(byHand(family, 'route', 'get', address)) ?? [];
    byHand(family, 'route', 'add', address, 'dev', link, 'mtu', String(narrowBytes), 'table', '77');
    byHand(family, 'rule', 'add', 'to', address, 'lookup', '77');
  };

  const clusterIP = (service: string, family: Family): string =>
    inFamily(clusterIPs[service] ?? [], family) ?? assert.fail();
  const answerOf = (data: Uint8Array): string =>
    (JSON.parse(Buffer.from(data).toString()) as StandInAnswer).pod;

  interface Target {
    readonly netns: string;
    readonly address: string;
    readonly port: number;
  }

  /** Sends the same datagram until it is answered. Who answered, and the errors that came for this very socket. */
  const datagram = async (target: Target, bytes: number): Promise<{ by: string; errors: string[] }> => {
    const fd = lab.sockets.connect(target.netns, { protocol: 'udp', ...target });
    const errors: string[] = [];
    const told = (error: IcmpError): string => `type ${error.type} code ${error.code} ${error.errno}`;
    try {
      for (let sent = 0; sent < 50; sent++) {
        lab.sockets.send(fd, Buffer.alloc(bytes, 'x'));
        for (let looks = 0; looks < 20; looks++) {
          const received = lab.sockets.receive(fd);
          if (received.kind === 'data') return { by: answerOf(received.data), errors };
          const error = lab.sockets.icmpError(fd);
          if (error !== undefined) errors.push(told(error));
          else await sleep(5);
        }
      }
      return { by: 'nobody', errors };
    } finally {
      lab.sockets.close(fd);
    }
  };

  /** Sends more than a packet by TCP, whose first segment is as large as both ends take. Who answered. */
  const segments = async (target: Target): Promise<string> => {
    const fd = lab.sockets.connect(target.netns, { protocol: 'tcp', ...target });
    const line = Buffer.from(`${'x'.repeat(3_000)}\n`);
    let by = '';
    try {
      await eventually('it is connected', () => lab.sockets.send(fd, line).kind === 'sent');
      await eventually('somebody answers', () => {
        const received = lab.sockets.receive(fd);
        if (received.kind === 'data') by = answerOf(received.data);
        return by !== '';
      });
      return by;
    } finally {
      lab.sockets.close(fd, { reset: true });
    }
  };

  for (const family of families) {
    test(`${family}: a pod that sends to a cluster address is told, and is heard`, async () => {
      const netns = await lab.netnsOf('default/client');
      const udp = { netns, address: clusterIP('web-udp', family), port: 53 };
      const { by, errors } = await datagram(udp, narrowBytes + 50);
      assert.deepEqual([by, errors[0]], ['default/server', `${tooBig[family]} EMSGSIZE`]);
      assert.equal(
        await segments({ netns, address: clusterIP('web-tcp', family), port: 80 }),
        'default/server',
      );
    });

    test(`${family}: so is who comes by a node port from outside, of the tunnel between nodes and of what is behind it`, async () => {
      const netns = machineNetns.internet;
      // The one node sends on by the tunnel, and the other one to the pod itself.
      const [far, near] = [labNodeAddress(0, family), labNodeAddress(1, family)];
      assert.equal(await segments({ netns, address: far, port: nodePorts.TCP }), 'default/server');
      const { by, errors } = await datagram({ netns, address: near, port: nodePorts.UDP }, narrowBytes + 50);
      assert.deepEqual([by, errors[0]], ['default/server', `${tooBig[family]} EMSGSIZE`]);
    });

    test(`${family}: so is a node itself`, async () => {
      const target = { netns: nodeNetns('node-1'), address: clusterIP('web-tcp', family), port: 80 };
      assert.equal(await segments(target), 'default/server');
    });
  }
});
