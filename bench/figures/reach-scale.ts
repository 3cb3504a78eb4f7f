import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Figure, Progress } from '../lib/figure.ts';

const program = fileURLToPath(new URL('./reach-child.ts', import.meta.url));
const variants = [
  { bench: 'reach-1000', pods: 1000, runs: 11, target: 1000 },
  { bench: 'reach-10000', pods: 10_000, runs: 5, target: 10_000 },
] as const;
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
    for (const { bench, pods, runs, target } of variants) {
      const samples = await samplesOf(pods, runs, progress);
      const [times, memory] = [samples.map((one) => one.milliseconds), samples.map((one) => one.megabytes)];
      yield { bench, unit: 'ms', samples: times, target, peer: null };
      yield { bench: `${bench}-memory`, unit: 'MB', samples: memory, target: memoryTarget, peer: null };
    }
  },
};

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
