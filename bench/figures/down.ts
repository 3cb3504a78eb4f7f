import { existsSync } from 'node:fs';
import { openLabs } from '../../src/cmd/weft/labs.ts';
import { createProcesses } from '../../src/drivers/process/processes.ts';
import { readProcessFile } from '../../src/lab/process-file.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { bikeHire } from '../lib/applications.ts';
import type { Figure } from '../lib/figure.ts';
import { benchLabName } from '../lib/lab.ts';
import { weft } from '../lib/weft.ts';

const runs = 11;

/** From the command to nothing left of a lab with the application. */
export const figure: Figure = {
  name: 'down',
  async *measure(progress) {
    const machine = createProcesses({ clock: systemClock });
    const paths = openLabs().control.paths(benchLabName);
    const samples: number[] = [];
    for (let run = 1; run <= runs; run++) {
      await weft(['up', '-f', bikeHire.path, '--wait', '--name', benchLabName]);
      const processes = Object.values(readProcessFile(paths.processes));
      const { milliseconds } = await weft(['down', '--name', benchLabName]);
      const left = processes.filter((record) => machine.isRunning(record));
      if (processes.length === 0 || left.length > 0 || existsSync(paths.directory)) {
        throw new Error(`of ${processes.length} processes of the lab ${left.length} are left`);
      }
      progress(`down ${run}/${runs}: ${milliseconds.toFixed(0)} ms`);
      samples.push(milliseconds);
    }
    yield { bench: 'down', unit: 'ms', samples, target: 1000, peer: null };
  },
};
