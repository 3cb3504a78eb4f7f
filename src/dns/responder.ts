import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { ZoneAnswer, ZoneQuestion } from '../model/dns/records.ts';
import { decodeQuery } from '../wire/dns/decode.ts';
import { encodeResponse, isTruncated, udpLimit } from '../wire/dns/encode.ts';
import {
  classes,
  largestMessage,
  recordTypeName,
  type DnsQuery,
  type DnsQuestion,
  type DnsRecord,
  type DnsResponse,
  type Rcode,
} from '../wire/dns/message.ts';
import type { DnsCounters } from './counters.ts';
import type { ForeignAnswer } from './upstream/foreign-answer.ts';

export type Transport = 'udp' | 'tcp';

/** Turns one message into its answer. */
export interface Responder {
  /**
   * Undefined for what must not be answered; a promise where somebody else has to be asked first. Never throws or
   * rejects.
   */
  respond(message: Uint8Array, from: Asker): Uint8Array | undefined | Promise<Uint8Array>;
}

/** How a message came. */
export interface Asker {
  readonly transport: Transport;
  /** Pin's name of the namespace of the server that was asked. */
  readonly netns: string;
  /** The address that it came from. */
  readonly source: string;
}

export interface ResponderOptions {
  readonly model: { answer(question: ZoneQuestion, source: string): ZoneAnswer };
  /** Whether the model holds the cluster already; until then every query is answered SERVFAIL. */
  readonly ready: () => boolean;
  /** Says what is outside the zone; where absent, nothing is. */
  readonly foreign?: ForeignNames | undefined;
  readonly counters: DnsCounters;
  readonly log: Log;
}

/** Whoever knows the names outside the cluster. */
export interface ForeignNames {
  /** Undefined, or a promise of it, when nobody knows. Never throws or rejects. */
  ask(question: DnsQuestion, netns: string): ForeignAnswer | undefined | Promise<ForeignAnswer | undefined>;
}

const nothing = { authoritative: false, answers: [], authority: [], additionals: [] } as const;
/** IXFR and AXFR: nobody may copy the zone. */
const transfers: ReadonlySet<number> = new Set([251, 252]);

export function createResponder({ model, ready, foreign, counters, log }: ResponderOptions): Responder {
  let turn = 0;

  const recursionAvailable = foreign !== undefined;

  function answer(
    query: DnsQuery,
    { netns, source }: Pick<Asker, 'netns' | 'source'>,
  ): DnsResponse | Promise<DnsResponse> {
    const { question } = query;
    const refusal = refusalOf(query);
    if (refusal !== undefined) return { query, rcode: refusal, ...nothing };
    if (!ready()) return { query, rcode: 'SERVFAIL', ...nothing };
    const found = model.answer(
      { name: question.name, type: recordTypeName(question.type) ?? 'other' },
      source,
    );
    turn = (turn + 1) & 0xffff;
    const { beyond } = found;
    if (beyond === undefined || foreign === undefined) {
      return { query, recursionAvailable, ...found, answers: rotated(found.answers, turn) };
    }
    const told = foreign.ask({ ...question, name: beyond }, netns);
    return told instanceof Promise
      ? told.then((said) => joined(query, found.answers, said))
      : joined(query, found.answers, told);
  }

  /** The aliases that lead out of the zone, and what is said of the last of them. */
  function joined(
    query: DnsQuery,
    aliases: readonly DnsRecord[],
    said: ForeignAnswer | undefined,
  ): DnsResponse {
    if (said === undefined) return { query, rcode: 'SERVFAIL', recursionAvailable, ...nothing };
    const { rcode, authority } = said;
    const answers = [...aliases, ...rotated(said.answers, turn)];
    return { query, rcode, recursionAvailable, ...nothing, answers, authority };
  }

  function failed(
    query: DnsQuery,
    { thrown, transport }: { thrown: unknown; transport: Transport },
  ): Uint8Array {
    const { name } = query.question;
    log.error({ name, error: messageOf(thrown) }, 'a DNS answer cannot be written');
    return encode({ query, rcode: 'SERVFAIL', ...nothing }, transport);
  }

  function encode(response: DnsResponse, transport: Transport): Uint8Array {
    const limit = transport === 'udp' ? udpLimit(response.query.edns) : largestMessage;
    const message = encodeResponse(response, limit);
    counters.responses[response.rcode] += 1;
    if (isTruncated(message)) counters.truncated += 1;
    return message;
  }

  return {
    respond(message, asker) {
      const { transport } = asker;
      counters.requests[transport] += 1;
      const decoded = decodeQuery(message);
      if (decoded.kind === 'ignore') {
        counters.ignored += 1;
        return undefined;
      }
      if (decoded.kind === 'reject') return encode({ ...decoded, ...nothing }, transport);
      const { query } = decoded;
      try {
        const response = answer(query, asker);
        if (!(response instanceof Promise)) return encode(response, transport);
        return response
          .then((later) => encode(later, transport))
          .catch((thrown: unknown) => failed(query, { thrown, transport }));
      } catch (thrown) {
        return failed(query, { thrown, transport });
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
function rotated<T extends DnsRecord>(records: readonly T[], turn: number): readonly T[] {
  const start = records.findIndex(({ type }) => type === 'A' || type === 'AAAA');
  const size = records.length - start;
  if (start < 0 || size < 2) return records;
  const cut = start + (turn % size);
  return [...records.slice(0, start), ...records.slice(cut), ...records.slice(start, cut)];
}
