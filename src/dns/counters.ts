import { rcodes, type Rcode } from '../wire/dns/message.ts';

/** What the server did since it started; plain numbers that only grow, but for `connections`. */
export interface DnsCounters {
  readonly requests: { udp: number; tcp: number };
  readonly responses: Record<Rcode, number>;
  /** Answers cut to the client's UDP size (TC). */
  truncated: number;
  /** Packets that were no queries and got no answer. */
  ignored: number;
  /** TCP connections open now, and those refused because there were too many. */
  connections: number;
  connectionsRefused: number;
}

export function createDnsCounters(): DnsCounters {
  const responses = Object.fromEntries(Object.keys(rcodes).map((rcode) => [rcode, 0]));
  return {
    requests: { udp: 0, tcp: 0 },
    // Every rcode is a key of `rcodes`.
    responses: responses as Record<Rcode, number>,
    truncated: 0,
    ignored: 0,
    connections: 0,
    connectionsRefused: 0,
  };
}
