import { applyPolicies } from '../lib/applied-policies.ts';
import { createBarePath, type BareEnd, type Middle } from '../lib/bare-path.ts';
import type { Figure, Measurement, Progress } from '../lib/figure.ts';
import { startBenchLab, type BenchLab } from '../lib/lab.ts';
import { appOf, withManifests } from '../lib/many-pods.ts';
import { createServices, whenSlicesProgrammed } from '../lib/many-services.ts';
import { startTraffic, type Target, type TrafficProgram } from '../lib/traffic.ts';

const services = 1000;
const policies = 1000;
const workloads = 20;
const rounds = 7;
const forMs = 2000;
const atOnce = 4;
const port = 9000;

/** A model of each kind, by what is between its nodes. */
const models = { switched: 'calico', routed: 'azure-cni-overlay' } as const satisfies Record<Middle, string>;

/**
 * What pods of two nodes get through in a cluster of 1,000 Services and 1,000 policies, of which 50 select the pod that is
 * asked, beside what the kernel gets through the same links and hops without a rule: windows of two seconds, in turns.
 */
export const figure: Figure = {
  name: 'bare-path',
  async *measure(progress) {
    for (const middle of ['switched', 'routed'] as const) yield* measureModel(middle, progress);
  },
};

async function* measureModel(middle: Middle, progress: Progress): AsyncIterable<Measurement> {
  const manyPods = { pods: workloads, deployments: workloads, singles: workloads };
  const ends: Ends[] = [];
  const bare = createBarePath(middle);
  try {
    const options = ['--network', models[middle], '--nodes', '2'];
    const lab = await withManifests(manyPods, (path) => startBenchLab(path, options));
    try {
      await load(lab);
      const both = { bare: await startEnds(bare.ends), lab: await endsOfPods(lab) };
      ends.push(both.bare, both.lab);
      yield* compare(both, middle, progress);
    } finally {
      await lab.down();
    }
  } finally {
    for (const { programs } of ends) for (const program of programs) program.close();
    bare.remove();
  }
}

async function load(lab: BenchLab): Promise<void> {
  await createServices(lab.connection.client, services);
  await applyPolicies(lab.connection, { count: policies, first: 0, workloads });
  await whenSlicesProgrammed(lab.connection);
}

/** A client on either side of what is measured, and what it asks on the other one. */
interface Ends {
  readonly ways: readonly [Way, Way];
  readonly programs: readonly TrafficProgram[];
}

interface Way {
  readonly from: TrafficProgram;
  readonly target: Target;
}

async function endsOfPods(lab: BenchLab): Promise<Ends> {
  const pods = await Promise.all(Array.from({ length: workloads }, (_, index) => lab.podOf(appOf(index))));
  const [server] = pods;
  const client = pods.find(({ node }) => node !== server?.node);
  if (server === undefined || client === undefined) throw new Error('all pods are on one node');
  return startEnds([client, server].map(({ netns, address }) => ({ path: lab.pathOf(netns), address })));
}

async function startEnds(sides: readonly BareEnd[]): Promise<Ends> {
  const started = await Promise.all(
    sides.map(async ({ path, address }) => {
      const [from, to] = [startTraffic(path), startTraffic(path)];
      await to.serve(port);
      return { from, to, target: { host: address, port } };
    }),
  );
  const [here, there] = started;
  if (here === undefined || there === undefined) throw new Error('a path has two ends');
  return {
    ways: [
      { from: here.from, target: there.target },
      { from: there.from, target: here.target },
    ],
    programs: started.flatMap(({ from, to }) => [from, to]),
  };
}

interface Compared {
  readonly bare: Ends;
  readonly lab: Ends;
}

async function* compare(
  { bare, lab }: Compared,
  middle: Middle,
  progress: Progress,
): AsyncIterable<Measurement> {
  // Whoever is first would be measured with everything cold.
  for (const ends of [bare, lab]) await measureWindow(ends);
  const pairs: { bare: Window; lab: Window }[] = [];
  for (let round = 0; round < rounds; round++) {
    const pair = { bare: await measureWindow(bare), lab: await measureWindow(lab) };
    pairs.push(pair);
    progress(`bare-path ${middle}: bare ${text(pair.bare)}; ${models[middle]} ${text(pair.lab)}`);
  }
  // Costs, as every figure: how much longer a byte, or a connection, took.
  const ratio = (bench: string, least: number, of: (window: Window) => number): Measurement => ({
    bench: `bare-path-${middle}-${bench}`,
    unit: 'ratio',
    samples: pairs.map((pair) => of(pair.bare) / of(pair.lab)),
    target: 1 / least,
    peer: null,
  });
  yield ratio('byte', 0.9, ({ bytes }) => bytes);
  yield ratio('connect', 0.7, ({ connects }) => connects);
}

interface Window {
  /** A second, of one TCP connection. */
  readonly bytes: number;
  /** Opened in a second. */
  readonly connects: number;
}

/**
 * Connections carry a question and an answer of a byte each. They are opened from both ends at once, so that all cores are at
 * work: with one client, its core does nearly everything, and the other one is asleep each time the server is to be told,
 * which is more to pay for a slower path.
 */
async function measureWindow({ ways }: Ends): Promise<Window> {
  const bytes = await ways[0].from.send(ways[0].target, forMs);
  const opened = await Promise.all(
    ways.map(async ({ from, target }) => from.open(target, { forMs, atOnce, asks: true })),
  );
  return { bytes, connects: opened.reduce((sum, { perSecond }) => sum + perSecond, 0) };
}

function text({ bytes, connects }: Window): string {
  return `${((bytes * 8) / 1e9).toFixed(2)} Gbit/s, ${connects.toFixed(0)} connections/s`;
}
