import { rcodes, type DnsQuestion, type DnsRecord, type DnsReply } from '../../wire/dns/message.ts';

/** What other servers say about a name outside the cluster. */
export interface ForeignAnswer {
  readonly rcode: 'NOERROR' | 'NXDOMAIN';
  readonly answers: readonly DnsRecord[];
  /** The SOA of a negative answer, if there is one. */
  readonly authority: readonly DnsRecord[];
  /** The name asked for and its aliases, in lower case, in the order in which they lead to the records. */
  readonly names: readonly string[];
}

/** Chains of aliases longer than this are cut. */
const longestChain = 16;
/** Seconds, as CoreDNS has them: nothing is kept for longer, whatever the servers say. */
const longestLifetime = { positive: 3600, negative: 1800 } as const;

/**
 * What of a reply answers the question: the chain of aliases that starts at the name, and the records at its end. A
 * server's word about any other name is left out, so that it cannot be learned from here.
 */
export function foreignAnswer(question: DnsQuestion, reply: DnsReply): ForeignAnswer {
  const aliases = new Map(
    reply.answers.flatMap((one) =>
      one.type === 'CNAME' ? [[one.name.toLowerCase(), one.target.toLowerCase()] as const] : [],
    ),
  );
  const names = [question.name.toLowerCase()];
  for (let next = aliases.get(names[0] ?? ''); next !== undefined && !names.includes(next);) {
    names.push(next);
    if (names.length === longestChain) break;
    next = aliases.get(next);
  }
  const answers = reply.answers.filter(({ name }) => names.includes(name.toLowerCase()));
  const isNegative = !answers.some(({ type }) => type !== 'CNAME') || reply.rcode === rcodes.NXDOMAIN;
  return {
    rcode: reply.rcode === rcodes.NXDOMAIN ? 'NXDOMAIN' : 'NOERROR',
    answers,
    authority: isNegative ? reply.authority.filter(({ type }) => type === 'SOA').slice(0, 1) : [],
    names,
  };
}

/**
 * Seconds for which an answer may be kept: the shortest of its records'. A negative one lives as long as its SOA
 * says (RFC 2308 section 5), and not at all without one.
 */
export function lifetimeOf({ answers, authority }: ForeignAnswer): number {
  const ttls = answers.map(({ ttl }) => ttl);
  const [soa] = authority;
  if (soa?.type === 'SOA') return Math.min(longestLifetime.negative, soa.ttl, soa.minimum, ...ttls);
  const isPositive = answers.some(({ type }) => type !== 'CNAME');
  return isPositive ? Math.min(longestLifetime.positive, ...ttls) : 0;
}

/** The same answer some seconds later. */
export function aged(answer: ForeignAnswer, seconds: number): ForeignAnswer {
  const older = (record: DnsRecord): DnsRecord => ({ ...record, ttl: Math.max(0, record.ttl - seconds) });
  return { ...answer, answers: answer.answers.map(older), authority: answer.authority.map(older) };
}

/** The addresses that the answer leads to, and the seconds for which the one with the shortest life is good. */
export function addressesOf({ answers }: ForeignAnswer): { addresses: string[]; ttl: number } {
  const found = answers.flatMap((one) => (one.type === 'A' || one.type === 'AAAA' ? [one] : []));
  return {
    addresses: [...new Set(found.map(({ address }) => address))],
    ttl: Math.min(...found.map(({ ttl }) => ttl)),
  };
}
