import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { DnsModel } from '../model/dns/model.ts';
import type { ZoneRecord } from '../model/dns/records.ts';
import { decodeQuery } from '../wire/dns/decode.ts';
import { encodeResponse, isTruncated, udpLimit } from '../wire/dns/encode.ts';
import {
  classes,
  largestMessage,
  recordTypeName,
  type DnsQuery,
  type DnsResponse,
  type Rcode,
} from '../wire/dns/message.ts';
import type { DnsCounters } from './counters.ts';

export type Transport = 'udp' | 'tcp';

/** Turns one message into its answer. */
export interface Responder {
  /** Undefined for what must not be answered. Never throws. */
  respond(message: Uint8Array, transport: Transport): Uint8Array | undefined;
}

export interface ResponderOptions {
  readonly model: Pick<DnsModel, 'answer'>;
  /** Whether the model holds the cluster already; until then every query is answered SERVFAIL. */
  readonly ready: () => boolean;
  readonly counters: DnsCounters;
  readonly log: Log;
}

const nothing = { authoritative: false, answers: [], authority: [], additionals: [] } as const;
/** IXFR and AXFR: nobody may copy the zone. */
const transfers: ReadonlySet<number> = new Set([251, 252]);

export function createResponder({ model, ready, counters, log }: ResponderOptions): Responder {
  let turn = 0;

  function answer(query: DnsQuery): DnsResponse {
    const { question } = query;
    const refusal = refusalOf(query);
    if (refusal !== undefined) return { query, rcode: refusal, ...nothing };
    if (!ready()) return { query, rcode: 'SERVFAIL', ...nothing };
    const found = model.answer({ name: question.name, type: recordTypeName(question.type) ?? 'other' });
    turn = (turn + 1) & 0xffff;
    return { query, ...found, answers: rotated(found.answers, turn) };
  }

  function encode(response: DnsResponse, transport: Transport): Uint8Array {
    const limit = transport === 'udp' ? udpLimit(response.query.edns) : largestMessage;
    const message = encodeResponse(response, limit);
    counters.responses[response.rcode] += 1;
    if (isTruncated(message)) counters.truncated += 1;
    return message;
  }

  return {
    respond(message, transport) {
      counters.requests[transport] += 1;
      const decoded = decodeQuery(message);
      if (decoded.kind === 'ignore') {
        counters.ignored += 1;
        return undefined;
      }
      if (decoded.kind === 'reject') return encode({ ...decoded, ...nothing }, transport);
      try {
        return encode(answer(decoded.query), transport);
      } catch (thrown) {
        log.error(
          { name: decoded.query.question.name, error: messageOf(thrown) },
          'a DNS answer cannot be written',
        );
        return encode({ query: decoded.query, rcode: 'SERVFAIL', ...nothing }, transport);
      }
    },
  };
}

function refusalOf({ question, edns }: DnsQuery): Rcode | undefined {
  if (edns !== undefined && edns.version > 0) return 'BADVERS';
  if (question.class !== classes.IN && question.class !== classes.ANY) return 'REFUSED';
  return transfers.has(question.type) ? 'REFUSED' : undefined;
}

/**
 * The addresses in another order each time, so that clients that take the first, and those that see only the
 * beginning of a truncated answer, spread over all. Aliases before them stay first.
 */
function rotated(records: readonly ZoneRecord[], turn: number): readonly ZoneRecord[] {
  const start = records.findIndex(({ type }) => type === 'A' || type === 'AAAA');
  const size = records.length - start;
  if (start < 0 || size < 2) return records;
  const cut = start + (turn % size);
  return [...records.slice(0, start), ...records.slice(cut), ...records.slice(start, cut)];
}
