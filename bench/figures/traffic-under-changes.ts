import { startChanges } from '../lib/changes.ts';
import type { Figure, Measurement, Progress } from '../lib/figure.ts';
import { startBenchLab, type BenchLab } from '../lib/lab.ts';
import { podIn } from '../lib/pod-in.ts';
import { createServices, whenSlicesProgrammed } from '../lib/many-services.ts';
import { quantile } from '../lib/summary.ts';
import { startTraffic, type Target, type TrafficProgram } from '../lib/traffic.ts';

const services = 1000;
const perSecond = 100;
const rounds = 7;
const forMs = 2000;
const atOnce = 4;
const port = 9000;

/**
 * What pods of two nodes get through while 100 endpoints a second change in a cluster of 1,000 Services, beside what they
 * get through while nothing changes: windows of two seconds of each, in turns. All is on the same cores: the traffic, the
 * changes, and what programs them.
 */
export const figure: Figure = {
  name: 'traffic-under-changes',
  async *measure(progress) {
    const lab = await startBenchLab();
    const programs: TrafficProgram[] = [];
    try {
      await createServices(lab.connection.client, services);
      const [client, server] = [await podIn(lab, 0), await podIn(lab, 1)];
      await whenSlicesProgrammed(lab.connection);
      const target = { host: server.address, port };
      for (const { netns } of [client, server]) programs.push(startTraffic(lab.pathOf(netns)));
      const [from, to] = programs as [TrafficProgram, TrafficProgram];
      await to.serve(port);
      yield* compare({ lab, from, target }, progress);
    } finally {
      for (const program of programs) program.close();
      await lab.down();
    }
  },
};

interface Bench {
  readonly lab: BenchLab;
  readonly from: TrafficProgram;
  readonly target: Target;
}

interface Window {
  readonly bytes: number;
  readonly connects: number;
  readonly p99: number;
}

async function* compare(bench: Bench, progress: Progress): AsyncIterable<Measurement> {
  await measureWindow(bench);
  const pairs: { still: Window; changing: Window }[] = [];
  for (let round = 0; round < rounds; round++) {
    const still = await measureWindow(bench);
    const changes = startChanges(bench.lab.connection.client, { services, perSecond });
    const start = performance.now();
    const changing = await measureWindow(bench);
    const rate = (changes.count / (performance.now() - start)) * 1000;
    await changes.stop();
    // What was not programmed was no change.
    await whenSlicesProgrammed(bench.lab.connection);
    pairs.push({ still, changing });
    progress(`${text(still)}; with ${rate.toFixed(0)} changes a second ${text(changing)}`);
  }
  const ratio = (bench: string, target: number, of: (window: Window) => number): Measurement => ({
    bench,
    unit: 'ratio',
    samples: pairs.map(({ still, changing }) => of(changing) / of(still)),
    target,
    peer: null,
  });
  // Costs, as every figure: how much longer a byte, a connection, the slowest of 100 took.
  yield ratio('traffic-under-changes-byte', 1 / 0.8, ({ bytes }) => 1 / bytes);
  yield ratio('traffic-under-changes-connect', 1 / 0.8, ({ connects }) => 1 / connects);
  yield ratio('traffic-under-changes-p99', 2, ({ p99 }) => p99);
}

async function measureWindow({ from, target }: Bench): Promise<Window> {
  const bytes = await from.send(target, forMs);
  const { perSecond: connects, latencies } = await from.open(target, { forMs, atOnce });
  return { bytes, connects, p99: quantile(latencies, 0.99) };
}

function text({ bytes, connects, p99 }: Window): string {
  return `${((bytes * 8) / 1e9).toFixed(2)} Gbit/s, ${connects.toFixed(0)} connections/s, p99 ${p99.toFixed(2)} ms`;
}
