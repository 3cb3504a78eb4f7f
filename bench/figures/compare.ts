import type { Figure } from '../lib/figure.ts';
import { benchLabName } from '../lib/lab.ts';
import { weft } from '../lib/weft.ts';

const runs = 5;

/** A table of network models: a lab for each column, everything tried in it, and taken down again. */
export const figure: Figure = {
  name: 'compare',
  async *measure(progress) {
    for (const [table, target] of [
      ['aks', 30_000],
      ['hci', 20_000],
    ] as const) {
      const samples: number[] = [];
      for (let run = 1; run <= runs; run++) {
        // Throws where a cell is not as documented.
        const { milliseconds } = await weft(['compare', table, '--name', benchLabName]);
        samples.push(milliseconds);
        progress(`compare-${table} ${run}/${runs}: ${milliseconds.toFixed(0)} ms`);
      }
      yield { bench: `compare-${table}`, unit: 'ms', samples, target, peer: null };
    }
  },
};
