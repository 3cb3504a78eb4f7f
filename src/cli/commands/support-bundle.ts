import { createBundleFile } from '../../lab/bundle/bundle-file.ts';
import { collectBundle } from '../../lab/bundle/collect.ts';
import { missingLab } from '../../lab/missing-lab.ts';
import { systemClock } from '../../lib/clock.ts';
import { createProgress } from '../progress.ts';
import type { CliEnvironment, ExitCode } from '../environment.ts';

export interface SupportBundleOptions {
  readonly name: string;
  /** The file to make; one named after lab and time in the working directory when absent. */
  readonly output?: string;
  /** Runs another command line; returns what it printed. */
  readonly command: (argv: readonly string[]) => Promise<string>;
}

/**
 * `weft support-bundle`: one file with what a bug report needs and no secrets, of a lab in whatever state. Prints the
 * file's path; what could not be had is on stderr and in the bundle.
 */
export async function supportBundle(env: CliEnvironment, options: SupportBundleOptions): Promise<ExitCode> {
  const { name, command } = options;
  const labs = await env.labs.list();
  if (!labs.includes(name)) throw missingLab(name, labs);
  const now = new Date(systemClock.now());
  const path =
    options.output ?? `weft-support-${name}-${now.toISOString().replaceAll(/[-:]|\.\d+/g, '')}.tar.gz`;
  const file = createBundleFile(path, 'weft-support', Math.floor(now.getTime() / 1000));
  const { kernel, versions } = await env.evidence();
  const paths = env.labs.paths(name);
  const connect = () => env.connect(name);
  const progress = createProgress(env);
  const problems = await progress.phase(
    'collecting',
    async () => {
      const sources = { paths, clock: systemClock, connect, command, kernel: () => kernel(paths), versions };
      const found = await collectBundle(file, sources);
      return { found, bytes: await file.finish() };
    },
    ({ found, bytes }) =>
      `${Math.ceil(bytes / 1024)} kB${found.length > 0 ? `, without ${found.length} things` : ''}`,
  );
  for (const problem of problems.found) env.err(`  ${problem}\n`);
  env.out(`${path}\n`);
  return 0;
}
