/**
 * The seeds that a differential test goes through:
 *
 *     WEFT_DIFFERENTIAL_SEED=17       only this one
 *     WEFT_DIFFERENTIAL_FIRST=5000    where they begin, 0 when absent
 *
 * and how many in a variable of the test's own. Where nothing is said, those come on top that were `once` wrong.
 */
export function seedsFor(countVariable: string, usually: number, once: readonly number[] = []): number[] {
  const { [countVariable]: count = usually, WEFT_DIFFERENTIAL_FIRST: first = 0 } = process.env;
  const { WEFT_DIFFERENTIAL_SEED: only } = process.env;
  if (only !== undefined) return [Number(only)];
  const inTurn = Array.from({ length: Number(count) }, (_, index) => Number(first) + index);
  return count === usually && Number(first) === 0 ? [...inTurn, ...once] : inTurn;
}
