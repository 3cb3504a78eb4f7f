import { applyPolicies, deletePolicies } from '../lib/applied-policies.ts';
import type { Figure, Progress } from '../lib/figure.ts';
import { startBenchLab } from '../lib/lab.ts';
import { appOf, withManifests } from '../lib/many-pods.ts';
import { quantile } from '../lib/summary.ts';
import { startTraffic, type Target, type TrafficProgram } from '../lib/traffic.ts';

const policies = 1000;
const workloads = 20;
const windows = 5;
const forMs = 2000;
const atOnce = 4;
const port = 9000;

/**
 * New connections between pods of two nodes through 1,000 policies, of which 50 select the pod that is asked, beside the
 * same without any: windows of two seconds before the policies, with them, and when they are gone again.
 */
export const figure: Figure = {
  name: 'policies-crossed',
  async *measure(progress) {
    const programs: TrafficProgram[] = [];
    const manyPods = { pods: workloads, deployments: workloads, singles: workloads };
    const lab = await withManifests(manyPods, (path) => startBenchLab(path));
    try {
      const pods = await Promise.all([lab.podOf(appOf(0)), lab.podOf(appOf(1))]);
      for (const { netns } of pods) programs.push(startTraffic(lab.pathOf(netns)));
      const [from, to] = programs as [TrafficProgram, TrafficProgram];
      await to.serve(port);
      const target = { host: pods[1].address, port };
      await from.open(target, { forMs, atOnce });
      const before = await rates(from, target);
      await applyPolicies(lab.connection, { count: policies, first: 0, workloads });
      const through = await rates(from, target);
      await deletePolicies(lab.connection, policies);
      const after = await rates(from, target);
      tell(progress, { before, through, after });
      const without = quantile([...before, ...after], 0.5);
      yield {
        bench: 'policies-crossed',
        unit: 'ratio',
        samples: through.map((rate) => without / rate),
        target: 1 / 0.9,
        peer: null,
      };
    } finally {
      for (const program of programs) program.close();
      await lab.down();
    }
  },
};

/** Connections a second, window by window. */
async function rates(from: TrafficProgram, target: Target): Promise<number[]> {
  const found: number[] = [];
  for (let window = 0; window < windows; window++) {
    found.push((await from.open(target, { forMs, atOnce })).perSecond);
  }
  return found;
}

function tell(progress: Progress, rows: Readonly<Record<string, readonly number[]>>): void {
  for (const [name, found] of Object.entries(rows)) {
    progress(`policies-crossed, ${name}: ${found.map((rate) => rate.toFixed(0)).join(', ')} connections/s`);
  }
}
