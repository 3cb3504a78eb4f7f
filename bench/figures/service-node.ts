import { readFileSync } from 'node:fs';
import { resources } from '../../src/api/resources.ts';
import { createNftables } from '../../src/kernel/nft/nftables.ts';
import { createSockets } from '../../src/kernel/sockets/sockets.ts';
import { nodeNetns } from '../../src/model/fabric/default-fabric.ts';
import { labNodeName } from '../../src/model/network/lab-addresses.ts';
import { startChanges } from '../lib/changes.ts';
import { streamDatagrams } from '../lib/datagrams.ts';
import type { Figure, Measurement, Progress } from '../lib/figure.ts';
import { labProcesses, memoryOf } from '../lib/lab-processes.ts';
import { startBenchLab, type BenchLab } from '../lib/lab.ts';
import { appOf, beaconPort, podPort, withManifests } from '../lib/many-pods.ts';
import { createServices, slicesOf, whenSlicesProgrammed } from '../lib/many-services.ts';
import { quantile } from '../lib/summary.ts';
import { startTraffic, type Target, type TrafficProgram } from '../lib/traffic.ts';

const services = 10_000;
const perSecond = 100;
const runs = 5;
const windowMs = 2_000;
/** The last one of the Services' range. */
const unusedAddress = '10.111.255.254';
/** Far longer than any answer takes: what is later than that is lost. */
const patienceMs = 500;

/**
 * A node with 10,000 Services of two endpoints: what its agent holds of memory, what a change costs it of processor time, what a
 * TCP connection through a cluster address takes beside one to the pod itself while 100 endpoints a second change, and how
 * long its successor takes when it is killed, while flows that begin each millisecond must find their answers.
 */
export const figure: Figure = {
  name: 'service-node',
  async *measure(progress) {
    const lab = await withManifests({ pods: 4, deployments: 4 }, (path) =>
      startBenchLab(path, ['--nodes', '1']),
    );
    try {
      await createServices(lab.connection.client, services);
      await whenSlicesProgrammed(lab.connection);
      progress(`service-node: ${services} Services are there`);
      yield* memory(progress);
      yield* changes(lab);
      yield* connects(lab, progress);
      yield* restarts(lab, progress);
    } finally {
      await lab.down();
    }
  },
};

function agents(): number {
  const pid = labProcesses().get('agents');
  if (pid === undefined) throw new Error('the lab has no agents');
  return pid;
}

/** Once it rests: what it needed to take in 10,000 Services at once is given back by then. */
async function* memory(progress: Progress): AsyncIterable<Measurement> {
  await pause(5_000);
  const megabytes = memoryOf(new Map([['agents', agents()]]));
  progress(`service-node: the agent holds ${megabytes.toFixed(0)} MB`);
  const peer = { value: 190, source: 'kube-proxy 1.36 nftables, 5,000 Services: 121 to 190 MiB' };
  yield { bench: `node-memory-${services}`, unit: 'MB', samples: [megabytes], target: 150, peer };
}

async function* changes(lab: BenchLab): AsyncIterable<Measurement> {
  const samples: number[] = [];
  for (let run = 0; run < runs; run++) {
    const before = cpuMsOf(agents());
    const writing = startChanges(lab.connection.client, { services, perSecond });
    await pause(windowMs);
    await writing.stop();
    await whenSlicesProgrammed(lab.connection);
    samples.push((cpuMsOf(agents()) - before) / writing.count);
  }
  const peer = { value: 1800, source: 'kube-proxy 1.36 nftables, 5,000 Services x 2' };
  yield { bench: `node-change-cpu-${services}`, unit: 'ms', samples, target: 2, peer };
}

/** In hundredths of seconds, as the kernel counts (proc(5), stat: utime, stime). */
function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function* connects(lab: BenchLab, progress: Progress): AsyncIterable<Measurement> {
  const [client, other] = [await lab.podOf(appOf(0)), await lab.podOf(appOf(2))];
  const service = await lab.connection.client.get(resources.services, {
    namespace: 'default',
    name: appOf(1),
  });
  const from = startTraffic(lab.pathOf(client.netns));
  const writing = startChanges(lab.connection.client, { services, perSecond });
  try {
    // Not to the Service's own pod: a source port that was used towards it a moment ago the kernel has to replace, and
    // the Service would be charged with that.
    const direct = { host: other.address, port: podPort };
    const through = { host: service?.spec.clusterIP ?? '', port: 80 };
    const byHand = translateByHand(lab, await lab.podOf(appOf(3)));
    await latencies(from, direct);
    const pairs: { direct: readonly number[]; through: readonly number[] }[] = [];
    for (let run = 0; run < runs; run++) {
      const pair = { direct: await latencies(from, direct), through: await latencies(from, through) };
      pairs.push(pair);
      const floor = await latencies(from, byHand);
      const text = ([low, high]: readonly [number, number]): string =>
        `${low.toFixed(3)} / ${high.toFixed(3)} ms`;
      const both = (of: readonly number[]) => [quantile(of, 0.5), quantile(of, 0.99)] as const;
      progress(
        `service-node: direct ${text(both(pair.direct))}, through a Service ${text(both(pair.through))}, through one rule ${text(both(floor))}`,
      );
    }
    const ratio = (bench: string, at: number, target: number): Measurement => ({
      bench: `${bench}-${services}`,
      unit: 'ratio',
      samples: pairs.map(({ direct, through }) => quantile(through, at) / quantile(direct, at)),
      target,
      peer: { value: 1.7, source: 'kube-proxy 1.36 nftables at rest: 1.2 to 1.7' },
    });
    yield ratio('node-connect-p50', 0.5, 1.15);
    yield ratio('node-connect-p99', 0.99, 1.5);
  } finally {
    await writing.stop();
    from.close();
  }
}

/** What translation costs without any choice: a single rule in a table of its own, for an address that no Service has. */
function translateByHand({ namespaces }: BenchLab, pod: { readonly address: string }): Target {
  const nft = createNftables({ namespaces });
  const rule = `ip daddr ${unusedAddress} tcp dport 80 dnat to ${pod.address}:${podPort}`;
  const chain = `chain by-hand { type nat hook prerouting priority -101; policy accept; ${rule}; }`;
  nft.run(nodeNetns(labNodeName(0)), `table ip bench {\n${chain}\n}`);
  nft.close();
  return { host: unusedAddress, port: 80 };
}

const latencies = async (from: TrafficProgram, target: Target): Promise<readonly number[]> =>
  (await from.open(target, { forMs: windowMs, atOnce: 1 })).latencies;

async function* restarts(lab: BenchLab, progress: Progress): AsyncIterable<Measurement> {
  const client = await lab.podOf(appOf(0));
  const service = await lab.connection.client.get(resources.services, {
    namespace: 'default',
    name: appOf(1),
  });
  const stream = streamDatagrams({
    sockets: createSockets({ namespaces: lab.namespaces }),
    netns: client.netns,
    address: service?.spec.clusterIP ?? '',
    port: beaconPort,
    patienceMs,
  });
  const samples: number[] = [];
  try {
    for (let run = 0; run < runs; run++) {
      const before = stream.judged.length;
      const whenProgrammed = await slicesOf(lab.connection);
      const start = performance.now();
      process.kill(agents(), 'SIGKILL');
      await whenProgrammed();
      samples.push(performance.now() - start);
      await pause(2 * patienceMs);
      const asked = stream.judged.slice(before);
      const lost = asked.filter(({ answeredAt }) => answeredAt === undefined).length;
      if (lost > 0) throw new Error(`${lost} of ${asked.length} packets to a Service were lost`);
      progress(
        `service-node: restarted in ${samples.at(-1)?.toFixed(0)} ms, ${asked.length} packets, none lost`,
      );
    }
  } finally {
    stream.close();
  }
  const peer = {
    value: 40_000,
    source: 'kube-proxy with 10,000 Services x 2: 40 to 194 s (kubernetes#130119)',
  };
  yield { bench: `node-restart-${services}`, unit: 'ms', samples, target: 2000, peer };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));
