import type { Probe } from '../port.ts';

/** A line, which stand-ins answer and most other servers somehow. */
const line = Buffer.from('weft probe\n');

/**
 * A DNS query (RFC 1035 section 4.1) for the name servers of the root, with recursion desired: a DNS server is
 * silent about anything else.
 *
 *     ID 0x7766 | flags 0x0100 (RD) | QDCOUNT 1 | other counts 0 | QNAME . | QTYPE NS | QCLASS IN
 */
const query = Buffer.from('7766010000010000000000000000020001', 'hex');
/** Over TCP a length stands before it (section 4.2.2). */
const framedQuery = Buffer.concat([Buffer.from([0, query.length]), query]);

const dnsPort = 53;

/** What a probe says to get an answer. */
export function questionOf({ protocol, port }: Pick<Probe, 'protocol' | 'port'>): Buffer {
  if (port !== dnsPort) return line;
  return protocol === 'TCP' ? framedQuery : query;
}
