import type { LocatedProblem } from './manifests/objects.ts';

/** Something that is not known, and what is in doubt without it. */
export interface WorldProblem extends Pick<LocatedProblem, 'what' | 'doubtIn'> {
  /** File and line, or the cluster. */
  readonly place: string;
  /** Where there may be objects that could not be read, so that nothing of them is in the answer. */
  readonly unseenIn?: 'everywhere' | { readonly namespace: string };
}

/** Problems of manifests, as those of a world. */
export function placed(problems: readonly LocatedProblem[]): WorldProblem[] {
  return problems.map(({ file, line, ...problem }) => ({ ...problem, place: `${file}:${line}` }));
}
