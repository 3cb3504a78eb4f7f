import type { Reach } from './answer.ts';

/** A reason not to believe what is computed about the pods of a namespace, or about all: a policy that nobody can read. */
export interface Doubt {
  /** Undefined for all of them. */
  readonly namespace: string | undefined;
  readonly why: string;
}

/** The answer without what is in doubt, which is unknown instead: an unread policy may deny as well as allow. */
export function withDoubts(answer: Reach, doubts: readonly Doubt[]): Reach {
  if (doubts.length === 0) return answer;
  const isEverywhere = doubts.some(({ namespace }) => namespace === undefined);
  const isDoubted = (end: string): boolean =>
    isEverywhere || doubts.some(({ namespace }) => end.startsWith(`${namespace}/`));
  const isSure = ({ source, destination }: { source: string; destination: string }): boolean =>
    !isDoubted(source) && !isDoubted(destination);
  const connections = answer.connections.filter(isSure);
  const unknown = [
    ...answer.unknown.filter(isSure),
    ...doubts.flatMap(({ namespace, why }) =>
      namespace === undefined
        ? [{ source: '*', destination: '*', why }]
        : [
            { source: `${namespace}/*`, destination: '*', why },
            { source: '*', destination: `${namespace}/*`, why },
          ],
    ),
  ];
  return {
    connections,
    unknown,
    summary: { ...answer.summary, connections: connections.length, unknown: unknown.length },
  };
}
