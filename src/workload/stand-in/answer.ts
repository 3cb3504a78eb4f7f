import { normalAddress } from '../normal-address.ts';
import type { Listener, PodServing, StandInAnswer } from '../port.ts';

/** Where a packet came from, as the socket says it. */
export interface Remote {
  readonly address: string;
  readonly port: number;
}

export function answerOf(pod: PodServing, listener: Listener, remote: Remote): StandInAnswer {
  return {
    pod: pod.pod,
    node: pod.node,
    protocol: listener.protocol,
    port: listener.port,
    source: normalAddress(remote.address),
    sourcePort: remote.port,
  };
}

/** The answer as one line. */
export const lineOf = (answer: StandInAnswer): string => `${JSON.stringify(answer)}\n`;
