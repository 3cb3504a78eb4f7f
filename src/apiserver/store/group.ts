/**
 * Group commit: what one turn of the event loop writes becomes durable together, with one wait for the disk, and
 * whoever is to be told of it waits until then.
 */
export interface Group<T> {
  add(items: readonly T[]): void;
  /** Resolves when everything added so far is durable, and rejects when it was undone; undefined when it is. */
  settled(): Promise<void> | undefined;
  /** Commits now. Never throws: a failure goes to those who wait. */
  flush(): void;
}

export interface GroupOptions<T> {
  /** Makes all of them durable, or throws and none. */
  readonly commit: (items: readonly T[]) => void;
  /** Takes back what was done in memory. */
  readonly undo: (items: readonly T[]) => void;
}

/** More than this does not wait for the turn to end: it would only be more memory. */
const mostItems = 4096;

export function createGroup<T>({ commit, undo }: GroupOptions<T>): Group<T> {
  let items: T[] = [];
  let outcome: PromiseWithResolvers<void> | undefined;
  let scheduled = false;

  const flush = (): void => {
    scheduled = false;
    if (outcome === undefined) return;
    const [group, { resolve, reject }] = [items, outcome];
    items = [];
    outcome = undefined;
    try {
      commit(group);
      resolve();
    } catch (thrown) {
      undo(group);
      reject(thrown);
    }
  };
  return {
    add(added) {
      if (outcome === undefined) {
        outcome = Promise.withResolvers<void>();
        // Somebody may not wait; then nobody has to hear of a failure.
        outcome.promise.catch(() => {});
      }
      // Not spread: a restore may bring more than a call takes arguments.
      for (const item of added) items.push(item);
      if (items.length >= mostItems) flush();
      else if (!scheduled) {
        scheduled = true;
        setImmediate(flush);
      }
    },
    settled: () => outcome?.promise,
    flush,
  };
}
