import { bikeHire } from '../lib/applications.ts';
import type { Figure } from '../lib/figure.ts';
import { benchLabName } from '../lib/lab.ts';
import { weft } from '../lib/weft.ts';

const runs = 11;

/** From the command to nothing left of a lab with the application. */
export const figure: Figure = {
  name: 'down',
  async *measure(progress) {
    const samples: number[] = [];
    for (let run = 1; run <= runs; run++) {
      await weft(['up', '-f', bikeHire.path, '--wait', '--name', benchLabName]);
      const { milliseconds } = await weft(['down', '--name', benchLabName]);
      progress(`down ${run}/${runs}: ${milliseconds.toFixed(0)} ms`);
      samples.push(milliseconds);
    }
    yield { bench: 'down', unit: 'ms', samples, target: 1000, peer: null };
  },
};
