import { applications, type Application } from '../lib/applications.ts';
import type { Figure, Measurement, Progress } from '../lib/figure.ts';
import { benchLabName, startBenchLab } from '../lib/lab.ts';
import { weft } from '../lib/weft.ts';

const runs = 11;

/** Every cell of the application proven with real packets and compared with the prediction: the whole process. */
export const figure: Figure = {
  name: 'reach-live',
  async *measure(progress) {
    for (const application of applications) {
      const lab = await startBenchLab(application.path);
      try {
        yield await measure(application, progress);
      } finally {
        await lab.down();
      }
    }
  },
};

async function measure({ suffix }: Application, progress: Progress): Promise<Measurement> {
  const samples: number[] = [];
  for (let run = 0; run <= runs; run++) {
    const { stdout, milliseconds } = await weft(['reach', '--live', '--name', benchLabName, '-o', 'json']);
    const { right, total } = (JSON.parse(stdout) as { summary: { right: number; total: number } }).summary;
    if (total < 100 || right !== total) throw new Error(`${right} of ${total} cells are right`);
    if (run > 0) samples.push(milliseconds);
    progress(`reach-live${suffix} ${run}/${runs}: ${total} cells, ${milliseconds.toFixed(0)} ms`);
  }
  return {
    bench: `reach-live${suffix}`,
    unit: 'ms',
    samples,
    target: 10_000,
    peer: null,
  };
}
