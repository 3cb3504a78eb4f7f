import { messageOf, WeftError } from '../lib/errors.ts';

/** Those that were refused, each with why, in the order given. */
export type Refused<T> = ReadonlyMap<T, string>;

/** A kernel that refuses so many refuses everything: the rest is not tried. */
const mostRefusals = 20;

/**
 * Finds who of many it is for whom all were refused. `attempt` takes some of them and throws where one is refused: it has
 * done nothing then. Whoever can be accepted is; a single culprit costs two attempts for each halving.
 */
export function separate<T>(all: readonly T[], attempt: (some: readonly T[]) => void): Refused<T> {
  const refused = new Map<T, string>();
  let refusals = 0;
  const place = (some: readonly T[]): void => {
    try {
      if (refusals >= mostRefusals) throw new WeftError('not-tried', 'too much was refused before it');
      if (some.length > 0) attempt(some);
    } catch (error) {
      const [only] = some;
      const isGivenUp = error instanceof WeftError && error.code === 'not-tried';
      if (isGivenUp) for (const one of some) refused.set(one, messageOf(error));
      else if (some.length === 1 && only !== undefined) {
        refusals += 1;
        refused.set(only, messageOf(error));
      } else {
        const half = Math.ceil(some.length / 2);
        place(some.slice(0, half));
        place(some.slice(half));
      }
    }
  };
  place(all);
  return refused;
}
