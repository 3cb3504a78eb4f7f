import type { Doubt } from '../analysis/reach/doubt.ts';
import type { CliEnvironment, ExitCode } from './environment.ts';
import type { World } from './world.ts';

const mostProblemsShown = 20;

/**
 * The exit code of an answer that stands on manifests: its own where they were all read and understood, else 2, with the
 * problems told and that the answer is a part of the whole.
 */
export function settle(
  env: Pick<CliEnvironment, 'err'>,
  { problems }: Pick<World, 'problems'>,
  code: ExitCode,
): ExitCode {
  if (problems.length === 0) return code;
  const lines = problems.slice(0, mostProblemsShown).map(({ place, what }) => `${place}: ${what}`);
  const more = problems.length - lines.length;
  if (more > 0) lines.push(`and ${more} more`);
  env.err(`weft: this is a part of the answer, without:\n${lines.join('\n')}\n`);
  return 2;
}

/** What is in doubt for who reaches whom. */
export function doubtsOf({ problems, ungiven }: Pick<World, 'problems' | 'ungiven'>): Doubt[] {
  const unread = problems.flatMap(({ place, what, doubtIn }) => {
    if (doubtIn === undefined || doubtIn === 'nothing') return [];
    const namespace = doubtIn === 'everywhere' ? undefined : doubtIn.namespace;
    return [{ namespace, why: `${place}: ${what}` }];
  });
  return [...unread, ...(ungiven?.doubts ?? [])];
}

/** Where there may be workloads and Services that are not in the answer. */
export function unseenOf({ problems }: Pick<World, 'problems'>): Doubt[] {
  return problems.flatMap(({ place, what, unseenIn }) => {
    if (unseenIn === undefined) return [];
    const namespace = unseenIn === 'everywhere' ? undefined : unseenIn.namespace;
    return [{ namespace, why: `${place}: ${what}` }];
  });
}
