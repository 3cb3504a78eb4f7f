/**
 * Group commit: what is written while the disk is at work is committed and becomes durable together, with one wait for
 * the disk that holds nobody else up. Whoever is to be told of it waits for the one or the other.
 */
export interface Group<T> {
  /** Throws the failure that ended the group, if there was one. */
  add(items: readonly T[]): void;
  /** Resolves when everything added so far is committed, and rejects when it will not be; undefined when it is. */
  committed(): Promise<void> | undefined;
  /** Resolves when everything added so far is durable, and rejects when it will not be; undefined when it is. */
  settled(): Promise<void> | undefined;
  /** Commits what is left and lets `last` make all of it durable. Never throws: a failure goes to those who wait. */
  close(last: () => void): void;
}

export interface GroupOptions<T> {
  /** Makes all of them visible, or throws and none. */
  readonly commit: (items: readonly T[]) => void;
  /** Makes durable what was committed; undefined when it is. Nobody knows what the disk holds when this fails. */
  readonly sync: () => Promise<void> | undefined;
  /**
   * What must be done before the next commit and nobody waits for; undefined when there is nothing. `isQuiet` when nothing
   * was added for a while: then also what had better be done, piece by piece, for whoever comes waits. Fails as `sync`.
   */
  readonly tidy: (isQuiet: boolean) => Promise<void> | undefined;
  /** How long nothing must have been added to call that quiet, in milliseconds. */
  readonly quietMs?: number;
  /** Takes back what was done in memory. */
  readonly undo: (items: readonly T[]) => void;
  /** Said once, when `sync` or `tidy` failed: nothing is taken any more. */
  readonly onBroken: (failure: unknown) => void;
}

interface Batch<T> {
  readonly items: T[];
  readonly committed: PromiseWithResolvers<void>;
  readonly durable: PromiseWithResolvers<void>;
}

/** Longer than one who writes again and again takes for each. */
const usualQuietMs = 50;

export function createGroup<T>(options: GroupOptions<T>): Group<T> {
  const { quietMs = usualQuietMs } = options;
  /** What waits for its commit. */
  let gathering: Batch<T> | undefined;
  /** What is committed and not yet durable. */
  let underWay: Batch<T> | undefined;
  let isBusy = false;
  let isClosed = false;
  let quiet: NodeJS.Timeout | undefined;
  let broken: { readonly failure: unknown; readonly told: Promise<void> } | undefined;

  const schedule = (): void => {
    if (isBusy || isClosed || gathering === undefined) return;
    isBusy = true;
    setImmediate(() => void turn());
  };
  const turn = async (): Promise<void> => {
    const batch = commit();
    try {
      if (batch !== undefined) await makeDurable(batch);
    } catch (thrown) {
      if (!isClosed) breakOff(thrown);
      return;
    }
    isBusy = false;
    schedule();
    awaitQuiet();
  };
  const awaitQuiet = (): void => {
    quiet ??= setTimeout(() => void tidyInQuiet(), quietMs).unref();
    quiet.refresh();
  };
  const quietPiece = (): Promise<void> | undefined =>
    gathering === undefined && !isClosed ? options.tidy(true) : undefined;
  /** Until somebody comes or nothing is left to do. */
  const tidyInQuiet = async (): Promise<void> => {
    if (isBusy || isClosed) return;
    isBusy = true;
    try {
      for (let piece = quietPiece(); piece !== undefined; piece = quietPiece()) await piece;
    } catch (thrown) {
      if (!isClosed) breakOff(thrown);
      return;
    }
    isBusy = false;
    schedule();
  };
  /** Undefined when there was nothing to commit, or when it was refused and is undone. */
  const commit = (): Batch<T> | undefined => {
    const batch = gathering;
    gathering = undefined;
    if (batch === undefined) return undefined;
    try {
      options.commit(batch.items);
      batch.committed.resolve();
      return batch;
    } catch (thrown) {
      options.undo(batch.items);
      refuse(batch, thrown);
      return undefined;
    }
  };
  const makeDurable = async (batch: Batch<T>): Promise<void> => {
    underWay = batch;
    const synced = options.sync();
    if (synced !== undefined) await synced;
    underWay = undefined;
    batch.durable.resolve();
    const tidied = isClosed ? undefined : options.tidy(false);
    if (tidied !== undefined) await tidied;
  };
  const breakOff = (failure: unknown): void => {
    broken = { failure, told: rejected(failure) };
    for (const batch of [underWay, gathering]) if (batch !== undefined) refuse(batch, failure);
    options.onBroken(failure);
  };
  return {
    add(added) {
      if (broken !== undefined) throw broken.failure;
      gathering ??= {
        items: [],
        committed: outcomeForWhomItConcerns(),
        durable: outcomeForWhomItConcerns(),
      };
      // Not spread: a restore may bring more than a call takes arguments.
      for (const item of added) gathering.items.push(item);
      schedule();
    },
    committed: () => broken?.told ?? gathering?.committed.promise,
    settled: () => broken?.told ?? (gathering ?? underWay)?.durable.promise,
    close(last) {
      isClosed = true;
      clearTimeout(quiet);
      const batch = broken === undefined ? commit() : undefined;
      try {
        last();
        batch?.durable.resolve();
      } catch (thrown) {
        batch?.durable.reject(thrown);
      }
    },
  };
}

/** To those who still wait for either. */
function refuse<T>({ committed, durable }: Batch<T>, failure: unknown): void {
  committed.reject(failure);
  durable.reject(failure);
}

/** Somebody may not wait; then nobody has to hear of a failure. */
function outcomeForWhomItConcerns(): PromiseWithResolvers<void> {
  const outcome = Promise.withResolvers<void>();
  outcome.promise.catch(() => {});
  return outcome;
}

function rejected(failure: unknown): Promise<void> {
  const { promise, reject } = outcomeForWhomItConcerns();
  reject(failure);
  return promise;
}
