import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applications, type Application } from '../lib/applications.ts';
import type { Figure, Progress } from '../lib/figure.ts';
import { weft, type Ran } from '../lib/weft.ts';

const runs = 21;

/** Who reaches whom in the application, from manifests alone: the whole process, as a person waits for it. */
export const figure: Figure = {
  name: 'reach-static',
  async *measure(progress) {
    for (const application of applications) {
      const { suffix } = application;
      yield {
        bench: `reach-static-warm${suffix}`,
        unit: 'ms',
        samples: await samplesOf(application, progress, () => reach(application)),
        target: 400,
        peer: null,
      };
      yield {
        bench: `reach-static-empty${suffix}`,
        unit: 'ms',
        samples: await samplesOf(application, progress, () => reachUncompiled(application)),
        target: 1000,
        peer: null,
      };
    }
  },
};

async function samplesOf(
  { suffix }: Application,
  progress: Progress,
  run: () => Promise<Ran>,
): Promise<number[]> {
  const samples: number[] = [];
  await run();
  for (let count = 0; count < runs; count++) {
    const { milliseconds, stdout } = await run();
    requireAnswer(stdout);
    samples.push(milliseconds);
  }
  progress(`reach-static${suffix}: ${runs} runs`);
  return samples;
}

function reach({ path }: Application, compileCache?: string): Promise<Ran> {
  return weft(['reach', '-f', path, '-o', 'json'], compileCache === undefined ? {} : { compileCache });
}

/** As on the first run in a fresh clone: nothing is compiled yet. */
async function reachUncompiled(application: Application): Promise<Ran> {
  const directory = mkdtempSync(join(tmpdir(), 'weft-bench-'));
  try {
    return await reach(application, directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function requireAnswer(stdout: string): void {
  const answer = JSON.parse(stdout) as { connections: unknown[]; unknown: unknown[] };
  if (answer.connections.length === 0 || answer.unknown.length > 0) throw new Error(`no answer: ${stdout}`);
}
