import type { IcmpError } from '../../kernel/sockets/port.ts';
import { normalAddress } from '../normal-address.ts';
import type { Probe, ProbeResult } from '../port.ts';

/** A result without its time. */
export type Verdict = Omit<ProbeResult, 'milliseconds'>;

/** Destination Unreachable, port unreachable: RFC 792, and RFC 4443 section 3.1. */
const portUnreachable = { IPv4: { type: 3, code: 3 }, IPv6: { type: 1, code: 4 } } as const;
/** Protocol unreachable, and Parameter Problem, unrecognized next header (RFC 4443 section 3.4). */
const protocolUnreachable = { IPv4: { type: 3, code: 2 }, IPv6: { type: 4, code: 1 } } as const;

/**
 * What an ICMP error means. Only the destination itself can say that nobody listens there; anything else, also from
 * the destination, is somebody who does not let the packet through. (Whoever speaks SCTP refuses with an ABORT, and
 * who does not has no ports.)
 */
export function verdictOfIcmp(probe: Probe, error: IcmpError): Verdict {
  const refusals = probe.protocol === 'SCTP' ? protocolUnreachable : portUnreachable;
  const { type, code } = refusals[probe.address.includes(':') ? 'IPv6' : 'IPv4'];
  const nobodyListens =
    error.type === type && error.code === code && error.offender === normalAddress(probe.address);
  return nobodyListens ? { outcome: 'refused' } : { outcome: 'rejected', rejectedBy: error.offender };
}

/**
 * What a socket's error means that no ICMP message explains: undefined when it means nothing yet. EPIPE follows an
 * error that was taken already. EPERM is a packet filter of the sender's own namespace that dropped the packet
 * (nf_hook_slow): not an answer, and the policy log may still tell who did it.
 */
export function verdictOfErrno(errno: string): Verdict | undefined {
  return errnoVerdicts[errno];
}

const errnoVerdicts: Readonly<Record<string, Verdict>> = {
  ECONNREFUSED: { outcome: 'refused' },
  ECONNRESET: { outcome: 'refused' },
  EPIPE: { outcome: 'refused' },
  ENETUNREACH: { outcome: 'unroutable' },
  EHOSTUNREACH: { outcome: 'unroutable' },
  ENETDOWN: { outcome: 'unroutable' },
  EACCES: { outcome: 'unroutable' },
  ETIMEDOUT: { outcome: 'silent' },
};
