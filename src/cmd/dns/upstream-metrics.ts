import type { UpstreamCounters } from '../../dns/upstream/counters.ts';
import type { Metric } from '../../lib/metrics.ts';

/** What the DNS process asked of other servers. */
export function upstreamMetrics(counters: UpstreamCounters): Metric[] {
  const { queries, cache, failures, mismatched, refused, unprogrammed } = counters;
  const counter = (name: string, help: string, value: number): Metric => ({
    name: `weft_dns_upstream_${name}_total`,
    help,
    type: 'counter',
    value,
  });
  return [
    counter('udp_queries', 'Queries sent to other DNS servers over UDP.', queries.udp),
    counter('tcp_queries', 'Queries sent again over TCP, for their answers were truncated.', queries.tcp),
    counter('failures', 'Queries that a server did not answer, or answered with an error.', failures),
    counter('mismatched', 'Messages that were no answer to what the server was asked.', mismatched),
    counter('refused', 'Questions not asked, for too many were under way.', refused),
    counter(
      'unprogrammed',
      'Answers for names of policies given out before their addresses were programmed.',
      unprogrammed,
    ),
    counter('cache_hits', 'Questions answered from memory.', cache.hits),
    counter('cache_misses', 'Questions that were not in memory.', cache.misses),
  ];
}
