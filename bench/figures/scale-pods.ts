import { existsSync } from 'node:fs';
import { openLabs } from '../../src/cmd/weft/labs.ts';
import { createProcesses } from '../../src/drivers/process/processes.ts';
import { readProcessFile } from '../../src/lab/process-file.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { Figure } from '../lib/figure.ts';
import { benchLabName } from '../lib/lab.ts';
import { labProcesses, loopDelays, memoryOf } from '../lib/lab-processes.ts';
import { withManifests } from '../lib/many-pods.ts';
import { requirePods } from '../lib/require-pods.ts';
import { weft } from '../lib/weft.ts';

const runs = 3;
const pods = 1000;
const nodes = 20;

/** A thousand pods on twenty nodes: until ready, what it takes meanwhile, until nothing is left. */
export const figure: Figure = {
  name: 'scale-pods',
  async *measure(progress) {
    const rounds: Round[] = [];
    for (let run = 1; run <= runs; run++) {
      const round = await withManifests({ pods, deployments: 20 }, measureRound);
      const delays = [...round.delays].map(([role, ms]) => `${role} ${ms}`).join(', ');
      progress(
        `scale-pods ${run}/${runs}: up ${round.up.toFixed(0)} ms, ${round.memory.toFixed(0)} MB, ` +
          `down ${round.down.toFixed(0)} ms; 99 of 100 moments of the event loops waited at most, in ms: ${delays}`,
      );
      rounds.push(round);
    }
    const peer = { value: 21_000, source: 'mininet, 500 hosts on one switch, measured on two cores' };
    const of = (key: 'up' | 'memory' | 'down'): number[] => rounds.map((round) => round[key]);
    yield { bench: 'scale-pods', unit: 'ms', samples: of('up'), target: 15_000, peer };
    yield { bench: 'scale-pods-memory', unit: 'MB', samples: of('memory'), target: 600, peer: null };
    yield { bench: 'scale-pods-down', unit: 'ms', samples: of('down'), target: 5000, peer: null };
    for (const role of rounds[0]?.delays.keys() ?? []) {
      const samples = rounds.map(({ delays }) => delays.get(role) ?? Infinity);
      yield { bench: `scale-pods-loop-${role}`, unit: 'ms', samples, target: 50, peer: null };
    }
  },
};

interface Round {
  /** Of `up --wait`, in milliseconds. */
  readonly up: number;
  /** Of all processes when the pods are ready, in megabytes. */
  readonly memory: number;
  /** What 99 of 100 moments of each event loop waited at most, from its process' start until all pods were ready. */
  readonly delays: ReadonlyMap<string, number>;
  readonly down: number;
}

async function measureRound(manifests: string): Promise<Round> {
  const options = ['--nodes', String(nodes), '--timeout', '300', '--name', benchLabName];
  try {
    const up = await weft(['up', '-f', manifests, ...options, '--wait']);
    const memory = memoryOf(labProcesses());
    const delays = await loopDelays(0.99);
    await requirePods({ pods, nodes });
    return { up: up.milliseconds, memory, delays, down: await measureDown() };
  } finally {
    await weft(['down', '--name', benchLabName]);
  }
}

async function measureDown(): Promise<number> {
  const machine = createProcesses({ clock: systemClock });
  const paths = openLabs().control.paths(benchLabName);
  const processes = Object.values(readProcessFile(paths.processes));
  const { milliseconds } = await weft(['down', '--name', benchLabName]);
  const left = processes.filter((record) => machine.isRunning(record));
  if (processes.length === 0 || left.length > 0 || existsSync(paths.directory)) {
    throw new Error(`of ${processes.length} processes of the lab ${left.length} are left`);
  }
  return milliseconds;
}
