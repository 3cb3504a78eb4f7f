import { createProgress } from '../progress.ts';
import type { CliEnvironment, ExitCode } from '../environment.ts';

/** `weft down`: nothing of the lab is left. A lab that is not there is as down as can be. */
export async function down(env: CliEnvironment, options: { name: string; all: boolean }): Promise<ExitCode> {
  const progress = createProgress(env);
  for (const name of options.all ? await env.labs.list() : [options.name]) {
    await progress.phase(
      'removing the lab',
      () => env.labs.stop(name),
      (found) => (found ? name : `${name} was not there`),
    );
  }
  return 0;
}
