import { setTimeout as sleep } from 'node:timers/promises';
import { indexOf } from '../../src/analysis/cluster-index.ts';
import { resources } from '../../src/api/resources.ts';
import { createSockets } from '../../src/kernel/sockets/sockets.ts';
import type { Sockets } from '../../src/kernel/sockets/port.ts';
import { readCluster } from '../../src/lab/cluster-of.ts';
import { machineNetns } from '../../src/model/fabric/default-fabric.ts';
import { addressesGivenTo } from '../../src/model/load-balancer/status.ts';
import { cablesOf, type Cables } from '../../test/support/cable.ts';
import { streamDatagrams } from '../lib/datagrams.ts';
import type { Figure } from '../lib/figure.ts';
import { startBenchLab, type BenchLab } from '../lib/lab.ts';

const rounds = 20;
const port = 53;
const longestMs = 20_000;
/** Until the node that was cut off answers again, and longer. */
const restMs = 1_500;

/**
 * The node that answers for a load balancer's address is cut off at its switch: until the first datagram that a machine
 * behind the router sends afterwards is answered. One leaves each millisecond, from a port of its own.
 */
export const figure: Figure = {
  name: 'l2-failover',
  async *measure(progress) {
    const lab = await startBenchLab(new URL('./l2-failover.yaml', import.meta.url).pathname);
    const cables = cablesOf(lab.namespaces);
    try {
      const { address, node } = await announced(lab);
      progress(`l2-failover: ${node} answers for ${address}`);
      const samples: number[] = [];
      const sockets = createSockets({ namespaces: lab.namespaces });
      for (let round = 0; round < rounds; round++) {
        // Heartbeats are 200 ms apart: each time at another moment between two of them.
        await sleep(restMs + ((round * 37) % 200));
        samples.push(await outageMs({ sockets, cables, address, node }));
      }
      yield { bench: 'l2-failover', unit: 'ms', samples, target: 1000, peer: null };
    } finally {
      cables.close();
      await lab.down();
    }
  },
};

async function announced({ connection }: BenchLab): Promise<{ address: string; node: string }> {
  const service = await connection.client.get(resources.services, { namespace: 'default', name: 'balanced' });
  const [address = ''] = service === undefined ? [] : addressesGivenTo(service);
  const node = indexOf(await readCluster(connection.client)).announcers.get(address);
  if (node === undefined) throw new Error(`nobody answers for "${address}"`);
  return { address, node };
}

interface Outage {
  readonly sockets: Sockets;
  readonly cables: Cables;
  readonly address: string;
  readonly node: string;
}

async function outageMs({ sockets, cables, address, node }: Outage): Promise<number> {
  const stream = streamDatagrams({ sockets, netns: machineNetns.internet, address, port });
  try {
    await sleep(100);
    if (!stream.judged.some(({ answeredAt }) => answeredAt !== undefined))
      throw new Error(`${address} does not answer before anything is cut`);
    cables.cut(node);
    const cutAt = performance.now();
    for (;;) {
      const after = stream.judged.find(
        ({ sentAt, answeredAt }) => sentAt > cutAt && answeredAt !== undefined,
      );
      if (after?.answeredAt !== undefined) return after.answeredAt - cutAt;
      if (performance.now() > cutAt + longestMs) throw new Error(`${address} was not taken over`);
      await sleep(5);
    }
  } finally {
    cables.mend();
    stream.close();
  }
}
