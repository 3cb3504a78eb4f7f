/** Requests of one handler on their way at the same time. */
const width = 16;

/**
 * Runs `run` for every item, a bounded number at the same time. When some reject, the others still run; then it
 * rejects with the first rejection.
 */
export async function forEachBounded<T>(items: Iterable<T>, run: (item: T) => Promise<void>): Promise<void> {
  const iterator = items[Symbol.iterator]();
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) {
      try {
        await run(next.value);
      } catch (thrown) {
        failures.push(thrown);
      }
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  if (failures.length > 0) throw failures[0];
}
