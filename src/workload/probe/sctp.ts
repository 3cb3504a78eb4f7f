import { decodeSctp, encodeSctp } from '../../wire/sctp.ts';
import type { Probe } from '../port.ts';
import { readAnswer } from './answer.ts';
import type { Verdict } from './verdict.ts';

type SctpProbe = Pick<Probe, 'port'> & { readonly sourcePort: number };

/** What the other side is to write into its packets: one per probe, so that a late answer is nobody's. */
const tagOf = ({ sourcePort }: SctpProbe): number => 0x5745_0000 + sourcePort;

/** The packet that asks for an association. It is never completed: the other side keeps nothing before that. */
export function initOf(probe: SctpProbe): Uint8Array {
  const { sourcePort, port: destinationPort } = probe;
  const chunk = { type: 'init', tag: tagOf(probe) } as const;
  return encodeSctp({ sourcePort, destinationPort, verificationTag: 0, chunk });
}

/** Whether what was heard is what was said. */
export function isOwnInit(probe: SctpProbe & Pick<Probe, 'protocol'>, bytes: Uint8Array): boolean {
  if (probe.protocol !== 'SCTP') return false;
  const chunk = decodeSctp(bytes)?.chunk;
  return chunk?.type === 'init' && chunk.tag === tagOf(probe);
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
