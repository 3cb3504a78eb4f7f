import { decodeSctp, encodeSctp } from '../../wire/sctp.ts';
import type { Probe } from '../port.ts';
import { readAnswer } from './answer.ts';
import type { Verdict } from './verdict.ts';

type SctpProbe = Pick<Probe, 'port'> & { readonly sourcePort: number };

/** What the other side is to write into its packets: one per probe, so that a late answer is nobody's. */
const tagOf = ({ sourcePort }: SctpProbe): number => tagMark * 0x1_0000 + sourcePort;
const tagMark = 0x5745;

/** The packet that asks for an association. It is never completed: the other side keeps nothing before that. */
export function initOf(probe: SctpProbe): Uint8Array {
  const { sourcePort, port: destinationPort } = probe;
  const chunk = { type: 'init', tag: tagOf(probe) } as const;
  return encodeSctp({ sourcePort, destinationPort, verificationTag: 0, chunk });
}

/** The source port that a probe of this prober sent the packet from, if it is the INIT of one, wherever it was heard. */
export function askerOf(bytes: Uint8Array): number | undefined {
  const chunk = decodeSctp(bytes)?.chunk;
  return chunk?.type === 'init' && chunk.tag >>> 16 === tagMark ? chunk.tag & 0xffff : undefined;
}

/** What the packet says to an INIT: undefined when it is none that answers it. */
export function understandSctp(probe: SctpProbe, bytes: Uint8Array): Verdict | undefined {
  const packet = decodeSctp(bytes);
  if (packet === undefined || packet.verificationTag !== tagOf(probe)) return undefined;
  const { chunk } = packet;
  if (chunk.type === 'abort') return { outcome: 'refused' };
  if (chunk.type !== 'init-ack') return undefined;
  const { answer } = readAnswer(chunk.cookie);
  return answer === undefined ? { outcome: 'answered' } : { outcome: 'answered', answer };
}
