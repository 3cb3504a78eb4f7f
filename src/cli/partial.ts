import type { Doubt } from '../analysis/reach/doubt.ts';
import type { CliEnvironment, ExitCode } from './environment.ts';
import type { World } from './world.ts';

/**
 * The exit code of an answer that stands on manifests: its own where they were all read and understood, else 2, with the
 * problems told and that the answer is a part of the whole.
 */
export async function settle(
  env: Pick<CliEnvironment, 'err'>,
  { problems }: Pick<World, 'problems'>,
  code: ExitCode,
): Promise<ExitCode> {
  if (problems.length === 0) return code;
  const { linesOf } = await import('./manifests/load.ts');
  env.err(`weft: this is a part of the answer, without:\n${linesOf(problems).join('\n')}\n`);
  return 2;
}

/** What is in doubt for who reaches whom. */
export function doubtsOf({ problems }: Pick<World, 'problems'>): Doubt[] {
  return problems.flatMap(({ file, line, what, doubtIn }) => {
    if (doubtIn === undefined || doubtIn === 'nothing') return [];
    const namespace = doubtIn === 'everywhere' ? undefined : doubtIn.namespace;
    return [{ namespace, why: `${file}:${line}: ${what}` }];
  });
}
