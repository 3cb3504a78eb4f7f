/** What a client has met since it was made; every number only grows. */
export interface ClientCounts {
  /** Requests sent, watches and repetitions among them. */
  readonly requests: number;
  /** Answers 429 and 503 after which a request was sent again. */
  readonly retries: number;
  /** Requests that ended without an answer, or with 429 or 5xx. */
  readonly failures: number;
  /** Connections made. */
  readonly connections: number;
  /** Lists of informers, the first of each among them. */
  readonly lists: number;
  /** Lists refused because they were older than what the cache held. */
  readonly staleLists: number;
  /** Watches given up because not even a bookmark came. */
  readonly silentWatches: number;
  /** Caches renewed because they were known to be stale. */
  readonly renewals: number;
}

export type Counters = { -readonly [Name in keyof ClientCounts]: ClientCounts[Name] };

export function createCounters(): Counters {
  return {
    requests: 0,
    retries: 0,
    failures: 0,
    connections: 0,
    lists: 0,
    staleLists: 0,
    silentWatches: 0,
    renewals: 0,
  };
}
