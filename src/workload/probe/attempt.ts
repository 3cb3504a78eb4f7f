import type { SocketFailure, Sockets } from '../../kernel/sockets/port.ts';
import type { Probe } from '../port.ts';
import { readAnswer } from './answer.ts';
import { questionOf } from './question.ts';
import { askerOf, initOf, understandSctp } from './sctp.ts';
import { verdictOfErrno, verdictOfIcmp, type Verdict } from './verdict.ts';

/** UDP has no one who repeats for us, nor have raw sockets. */
const resendAfterMs = 200;

/** A probe and the port that it sends from. */
export interface SentProbe extends Probe {
  readonly sourcePort: number;
}

/**
 * One probe's socket: `step` moves it on as far as it goes without waiting, and says when the matter is decided.
 * Stepping takes two or three system calls.
 */
export class Attempt {
  readonly #sockets: Sockets;
  readonly #probe: SentProbe;
  readonly #fd: number;
  #heard = Buffer.alloc(0);
  #sentAt: number | undefined;
  #acceptedAt: number | undefined;
  readonly #overheard: Set<number>;

  /**
   * `overheard` is shared by all attempts of a prober: the source ports whose SCTP packets were delivered where nobody
   * but another attempt's socket took them.
   */
  constructor(sockets: Sockets, probe: SentProbe, { fd, overheard }: { fd: number; overheard: Set<number> }) {
    this.#sockets = sockets;
    this.#probe = probe;
    this.#fd = fd;
    this.#overheard = overheard;
  }

  /** When the other side took the connection, or sent anything; undefined before that. */
  get acceptedAt(): number | undefined {
    return this.#acceptedAt;
  }

  /**
   * What it means that nothing was heard in time. A raw socket takes whatever its peer sends to this machine, be it that
   * it asks itself or that each asks the other, and the kernel does not tell then that nobody else would.
   */
  get silence(): Verdict {
    return { outcome: this.#overheard.has(this.#probe.sourcePort) ? 'refused' : 'silent' };
  }

  step(now: number): Verdict | undefined {
    return this.#rejected() ?? this.#ask(now) ?? this.#hear(now);
  }

  close(): void {
    this.#sockets.close(this.#fd, { reset: this.#probe.protocol === 'TCP' });
    this.#overheard.delete(this.#probe.sourcePort);
  }

  /**
   * The error queue is read first, and again after an error: an ICMP message that arrives while the kernel is in
   * `connect` does not fail the socket (sk_err_soft in tcp_v4_err), and only the queue has it.
   */
  #rejected(): Verdict | undefined {
    const error = this.#sockets.icmpError(this.#fd);
    return error && verdictOfIcmp(this.#probe, error);
  }

  #ask(now: number): Verdict | undefined {
    const isTcp = this.#probe.protocol === 'TCP';
    if (this.#sentAt !== undefined && (isTcp || now - this.#sentAt < resendAfterMs)) return undefined;
    const { protocol } = this.#probe;
    const question = protocol === 'SCTP' ? initOf(this.#probe) : questionOf(this.#probe);
    const sent = this.#sockets.send(this.#fd, question);
    if (sent.kind === 'failed') {
      // A datagram that was not let out counts as sent: it is tried again in its turn.
      if (!isTcp) this.#sentAt = now;
      return this.#failed(sent);
    }
    if (sent.kind === 'sent') {
      this.#sentAt = now;
      if (isTcp) this.#acceptedAt = now;
    }
    return undefined;
  }

  #hear(now: number): Verdict | undefined {
    const received = this.#sockets.receive(this.#fd);
    if (received.kind === 'failed') return this.#failed(received);
    if (received.kind === 'nothing') return undefined;
    if (this.#probe.protocol === 'SCTP') return 'data' in received ? this.#listen(received.data) : undefined;
    this.#acceptedAt = now;
    return 'data' in received ? this.#understand(received.data) : { outcome: 'answered' };
  }

  /** All that the peer sends comes here, so everything there is is read, up to the answer. */
  #listen(first: Uint8Array): Verdict | undefined {
    for (let data = first; ;) {
      const verdict = understandSctp(this.#probe, data);
      if (verdict !== undefined) return verdict;
      const asker = askerOf(data);
      if (asker !== undefined) this.#overheard.add(asker);
      const next = this.#sockets.receive(this.#fd);
      if (next.kind === 'failed') return this.#failed(next);
      if (next.kind !== 'data') return undefined;
      data = next.data;
    }
  }

  #understand(data: Uint8Array): Verdict | undefined {
    this.#heard = Buffer.concat([this.#heard, data]);
    const { isComplete, answer } = readAnswer(this.#heard);
    if (answer !== undefined) return { outcome: 'answered', answer };
    return isComplete || this.#probe.protocol !== 'TCP' ? { outcome: 'answered' } : undefined;
  }

  #failed({ errno }: SocketFailure): Verdict | undefined {
    return this.#rejected() ?? verdictOfErrno(errno);
  }
}
