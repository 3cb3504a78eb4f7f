import { resources } from '../../src/api/resources.ts';
import { createNftables } from '../../src/kernel/nft/nftables.ts';
import { createSockets } from '../../src/kernel/sockets/sockets.ts';
import { nodeNetns } from '../../src/model/fabric/default-fabric.ts';
import { labNodeName } from '../../src/model/network/lab-addresses.ts';
import { slotTypes, servicesTables } from '../../src/plan/services/skeleton.ts';
import { streamDatagrams, type DatagramStream } from '../lib/datagrams.ts';
import type { Figure, Progress } from '../lib/figure.ts';
import { labProcesses } from '../lib/lab-processes.ts';
import { startBenchLab, type BenchLab } from '../lib/lab.ts';
import { appOf, beaconPort, withManifests } from '../lib/many-pods.ts';
import { createServices, slicesOf, whenSlicesProgrammed } from '../lib/many-services.ts';

const services = 5000;
const runs = 7;
const nodes = [0, 1, 2].map((index) => nodeNetns(labNodeName(index)));
/** Far longer than any answer takes: what is later than that is lost. */
const patienceMs = 500;

/**
 * 5,000 Services of two endpoints on three nodes. The agents are killed, and the time runs until their successor has
 * programmed everything: into empty tables, and into those that the killed one left. In the second case a flow that
 * begins each millisecond to a Service must find its answer.
 */
export const figure: Figure = {
  name: 'scale-services',
  async *measure(progress) {
    const lab = await withManifests({ pods: 2, deployments: 2 }, (path) => startBenchLab(path));
    try {
      await createServices(lab.connection.client, services);
      await whenSlicesProgrammed(lab.connection);
      progress(`scale-services: ${services} Services are there`);
      const peer = { value: 4300, source: 'kube-proxy 1.36 nftables, 5,000 Services x 2, start to synced' };
      yield {
        bench: 'services-first',
        unit: 'ms',
        samples: await repeatedly(() => restart(lab, { emptied: true }), progress),
        target: 1000,
        peer,
      };
      const stream = await streamToService(lab);
      yield {
        bench: 'services-restart',
        unit: 'ms',
        samples: await repeatedly(() => restartUnder(stream, lab), progress),
        target: 2000,
        peer,
      };
      stream.close();
    } finally {
      await lab.down();
    }
  },
};

async function repeatedly(measure: () => Promise<number>, progress: Progress): Promise<number[]> {
  const samples: number[] = [];
  for (let run = 1; run <= runs; run++) {
    samples.push(await measure());
    progress(`scale-services ${run}/${runs}: ${samples.at(-1)?.toFixed(0)} ms`);
  }
  return samples;
}

async function restart(lab: BenchLab, { emptied }: { emptied: boolean }): Promise<number> {
  const pid = labProcesses().get('agents');
  if (pid === undefined) throw new Error('the lab has no agents');
  const nft = createNftables({ namespaces: lab.namespaces });
  try {
    const whenProgrammed = await slicesOf(lab.connection);
    // Stopped, they cannot mend what is taken from them.
    process.kill(pid, 'SIGSTOP');
    if (emptied) for (const node of nodes) nft.run(node, 'delete table ip weft-services');
    const start = performance.now();
    process.kill(pid, 'SIGKILL');
    await whenProgrammed();
    const took = performance.now() - start;
    for (const node of nodes) {
      const held = nft.elements(node, { ...servicesTables.IPv4, set: 'slot-1' }, slotTypes.IPv4).length;
      if (held < services) throw new Error(`${node} holds ${held} Services`);
    }
    return took;
  } finally {
    nft.close();
  }
}

async function restartUnder(stream: DatagramStream, lab: BenchLab): Promise<number> {
  const before = stream.judged.length;
  await pause(patienceMs);
  const took = await restart(lab, { emptied: false });
  await pause(2 * patienceMs);
  const asked = stream.judged.slice(before);
  const lost = asked.filter(({ answeredAt }) => answeredAt === undefined).length;
  if (asked.length < took / 10 || lost > 0) {
    throw new Error(`${lost} of ${asked.length} packets to a Service were lost while the agents restarted`);
  }
  return took;
}

/** From the pod of one workload to the Service of the other. */
async function streamToService(lab: BenchLab): Promise<DatagramStream> {
  const client = await lab.podOf(appOf(0));
  const service = await lab.connection.client.get(resources.services, {
    namespace: 'default',
    name: appOf(1),
  });
  return streamDatagrams({
    sockets: createSockets({ namespaces: lab.namespaces }),
    netns: client.netns,
    address: service?.spec.clusterIP ?? '',
    port: beaconPort,
    patienceMs,
  });
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));
