import type { LocatedProblem } from './manifests/objects.ts';

/** Something that is not known, and what is in doubt without it. */
export interface WorldProblem extends Pick<LocatedProblem, 'what' | 'doubtIn'> {
  /** File and line, or the cluster. */
  readonly place: string;
}

/** Problems of manifests, as those of a world. */
export function placed(problems: readonly LocatedProblem[]): WorldProblem[] {
  return problems.map(({ file, line, ...problem }) => ({ ...problem, place: `${file}:${line}` }));
}
