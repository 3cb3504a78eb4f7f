import type { Connection, Reach, UnknownConnection } from './answer.ts';

/** The answers about the two clusters of `Bounds`. */
export interface Bounding {
  readonly least: Reach;
  readonly most: Reach;
  readonly why: string;
}

/** The answer with what is open in any case, and as unknown who may reach more than that. */
export function withBounds(answer: Reach, { least, most, why }: Bounding): Reach {
  const [told, sure] = [byEnds(answer), byEnds(least)];
  // As the answer has them where it is sure, for that may say why.
  const connections = least.connections.map((row) => {
    const same = told.get(endsOf(row));
    return same !== undefined && isSame(same, row) ? same : row;
  });
  const open = most.connections.filter((row) => {
    const certain = sure.get(endsOf(row));
    return certain === undefined || !isSame(certain, row);
  });
  const pairs = new Map<string, UnknownConnection>();
  for (const one of least.unknown) pairs.set(endsOf(one), one);
  for (const { source, destination, ports } of open) {
    const unknown = { source, destination, why: `${why}; at most ${ports.join(', ')}` };
    pairs.set(endsOf(unknown), unknown);
  }
  const unknown = [...pairs.values()];
  return {
    connections,
    unknown,
    summary: { ...answer.summary, connections: connections.length, unknown: unknown.length },
  };
}

const endsOf = ({ source, destination }: Pick<Connection, 'source' | 'destination'>): string =>
  JSON.stringify([source, destination]);

const byEnds = ({ connections }: Reach): Map<string, Connection> =>
  new Map(connections.map((row) => [endsOf(row), row]));

const isSame = (a: Connection, b: Connection): boolean => a.ports.join() === b.ports.join();
