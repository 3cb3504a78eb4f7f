/** What was asked of other servers since the start; plain numbers that only grow. */
export interface UpstreamCounters {
  readonly queries: { udp: number; tcp: number };
  /** Attempts that came to no answer. */
  failures: number;
  /** Messages that came from a server and were no answer to what it was asked. */
  mismatched: number;
  /** Questions that were not asked, for too many were under way. */
  refused: number;
  /** Answers given out although no agent said that the addresses in them are programmed. */
  unprogrammed: number;
  readonly cache: { hits: number; misses: number };
}

export function createUpstreamCounters(): UpstreamCounters {
  return {
    queries: { udp: 0, tcp: 0 },
    failures: 0,
    mismatched: 0,
    refused: 0,
    unprogrammed: 0,
    cache: { hits: 0, misses: 0 },
  };
}
