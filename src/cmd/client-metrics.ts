import type { ClientCounts } from '../client/http/counts.ts';
import type { Metric } from '../lib/metrics.ts';

const told: readonly { count: keyof ClientCounts; name: string; help: string }[] = [
  {
    count: 'requests',
    name: 'weft_api_requests_total',
    help: 'Requests sent to the API server, watches and repetitions among them.',
  },
  {
    count: 'retries',
    name: 'weft_api_retries_total',
    help: 'Answers 429 and 503 after which a request was sent again.',
  },
  {
    count: 'failures',
    name: 'weft_api_failures_total',
    help: 'Requests that ended without an answer, or with 429 or 5xx.',
  },
  { count: 'connections', name: 'weft_api_connections_total', help: 'Connections made to the API server.' },
  {
    count: 'lists',
    name: 'weft_api_lists_total',
    help: 'Lists that filled a cache, the first of each among them.',
  },
  {
    count: 'staleLists',
    name: 'weft_api_stale_lists_total',
    help: 'Lists refused because they were older than what the cache held.',
  },
  {
    count: 'silentWatches',
    name: 'weft_api_silent_watches_total',
    help: 'Watches renewed because not even a bookmark came.',
  },
  {
    count: 'renewals',
    name: 'weft_api_cache_renewals_total',
    help: 'Caches renewed because they were known to be stale.',
  },
];

/** What a process's client has met. */
export function clientMetrics(counts: ClientCounts): Metric[] {
  return told.map(({ count, ...metric }) => ({ ...metric, type: 'counter', value: counts[count] }));
}
