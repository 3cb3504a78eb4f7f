import { randomInt } from 'node:crypto';
import type { Clock } from '../../lib/clock.ts';
import { WeftError } from '../../lib/errors.ts';
import { decodeReply } from '../../wire/dns/decode-reply.ts';
import { encodeQuery } from '../../wire/dns/encode.ts';
import { rcodes, type DnsQuestion, type DnsReply } from '../../wire/dns/message.ts';
import type { UpstreamCounters } from './counters.ts';
import type { Exchange, UpstreamTransport } from './transport.ts';

/** Asks other servers one question at a time, until one of them knows. */
export interface UpstreamResolver {
  /** A reply with rcode NOERROR or NXDOMAIN, never truncated. Rejects with the last server's failure. */
  resolve(question: DnsQuestion, netns: string): Promise<DnsReply>;
}

export interface UpstreamResolverOptions {
  readonly transport: UpstreamTransport;
  /** Literal addresses as of now, the best first; at least one. */
  readonly servers: () => readonly string[];
  readonly counters: UpstreamCounters;
  readonly clock: Clock;
}

/** Stub resolvers ask again, or give up, after five seconds: all attempts together take less. */
const allAttemptsMs = 4500;
const leastAttempts = 2;
/** A server that did not answer is asked behind the others for so long. */
const avoidedMs = 5000;

export function createUpstreamResolver(options: UpstreamResolverOptions): UpstreamResolver {
  const { transport, servers, counters, clock } = options;
  const failedAt = new Map<string, number>();

  function inOrder(): readonly string[] {
    const now = clock.monotonic();
    const isAvoided = (server: string): boolean => now - (failedAt.get(server) ?? -Infinity) < avoidedMs;
    const all = servers();
    const ordered = [...all.filter((one) => !isAvoided(one)), ...all.filter(isAvoided)];
    return ordered.length < leastAttempts ? [...ordered, ...ordered] : ordered;
  }

  async function attempt(
    call: Omit<Exchange<DnsReply>, 'query' | 'accept'>,
    question: DnsQuestion,
  ): Promise<DnsReply> {
    const id = randomInt(0x10000);
    const exchange: Exchange<DnsReply> = {
      ...call,
      query: encodeQuery(id, question),
      accept(message) {
        const reply = decodeReply(message);
        if (reply?.id === id && isSame(reply.question, question)) return reply;
        counters.mismatched += 1;
        return undefined;
      },
    };
    counters.queries.udp += 1;
    const reply = await transport.udp(exchange);
    if (!reply.truncated) return reply;
    counters.queries.tcp += 1;
    return transport.tcp(exchange);
  }

  return {
    async resolve(question, netns) {
      const order = inOrder();
      const timeoutMs = Math.floor(allAttemptsMs / order.length);
      let failure: unknown;
      for (const server of order) {
        try {
          const reply = await attempt({ netns, server, timeoutMs }, question);
          if (isFinal(reply)) {
            failedAt.delete(server);
            return reply;
          }
          failure = new WeftError('upstream-failed', `${server} answers with rcode ${reply.rcode}`);
        } catch (thrown) {
          failure = thrown;
        }
        counters.failures += 1;
        failedAt.set(server, clock.monotonic());
      }
      throw failure;
    },
  };
}

/** Whether asking others would tell nothing more. */
function isFinal({ rcode, truncated }: DnsReply): boolean {
  return !truncated && (rcode === rcodes.NOERROR || rcode === rcodes.NXDOMAIN);
}

function isSame(a: DnsQuestion, b: DnsQuestion): boolean {
  return a.type === b.type && a.class === b.class && a.name.toLowerCase() === b.name.toLowerCase();
}
