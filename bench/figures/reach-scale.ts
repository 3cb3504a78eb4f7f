import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { watchReach } from '../../src/analysis/diff/watch.ts';
import type { Figure, Measurement, Progress } from '../lib/figure.ts';
import { policedCluster } from '../lib/many-policies.ts';

const program = fileURLToPath(new URL('./reach-child.ts', import.meta.url));
const variants = [
  { bench: 'reach-1000', pods: 1000, runs: 11, target: 1000 },
  { bench: 'reach-10000', pods: 10_000, runs: 5, target: 10_000 },
] as const;
const watchedChanges = 50;
const memoryTarget = 1000;
/** Five tiers of four pods: what a namespace's policies let its pods open, and those of the first to all others. */
const connectionsOf = (pods: number): number => (pods / 20) * 4 * 4 * 4;

interface Sample {
  readonly milliseconds: number;
  readonly megabytes: number;
  readonly connections: number;
}

/**
 * Every connection between any two pods of a large cluster, each with the rules that let it through: 1,000 pods with 300
 * policies and 10,000 with 3,000, in a process of its own each time, from objects in memory.
 */
export const figure: Figure = {
  name: 'reach-scale',
  async *measure(progress) {
    yield watched(progress);
    for (const { bench, pods, runs, target } of variants) {
      const samples = await samplesOf(pods, runs, progress);
      const [times, memory] = [samples.map((one) => one.milliseconds), samples.map((one) => one.megabytes)];
      yield { bench, unit: 'ms', samples: times, target, peer: null };
      yield { bench: `${bench}-memory`, unit: 'MB', samples: memory, target: memoryTarget, peer: null };
    }
  },
};

/** What the same change of another policy each time opens and closes, in a cluster that is watched. */
function watched(progress: Progress): Measurement {
  const cluster = policedCluster(10_000);
  const watch = watchReach(cluster);
  const samples: number[] = [];
  for (const [key, policy] of [...cluster.networkPolicies].filter(([name]) => name.endsWith('/watched'))) {
    const changed = structuredClone(policy);
    for (const { ports } of changed.spec?.ingress ?? []) for (const port of ports ?? []) port.port = 9200;
    const start = performance.now();
    const told = watch.setPolicies(new Map([[key, changed]]));
    samples.push(performance.now() - start);
    if (told.length === 0) throw new Error(`${key}: a change changed nothing`);
    if (samples.length === watchedChanges) break;
  }
  progress(`reach-scale: ${samples.length} policies changed`);
  return { bench: 'reach-watch', unit: 'ms', samples, target: 100, peer: null };
}

async function samplesOf(pods: number, runs: number, progress: Progress): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let run = 1; run <= runs; run++) {
    const { stdout } = await promisify(execFile)(process.execPath, [program, String(pods)]);
    const sample = JSON.parse(stdout) as Sample;
    if (sample.connections < connectionsOf(pods)) throw new Error(`only ${sample.connections} connections`);
    samples.push(sample);
    progress(`reach-scale, ${pods} pods, ${run}/${runs}: ${sample.milliseconds.toFixed(0)} ms`);
  }
  return samples;
}
