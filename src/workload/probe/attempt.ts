import type { SocketFailure, Sockets } from '../../kernel/sockets/port.ts';
import type { Probe } from '../port.ts';
import { readAnswer } from './answer.ts';
import { questionOf } from './question.ts';
import { initOf, isOwnInit, understandSctp } from './sctp.ts';
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
  #heardItself = false;

  constructor(sockets: Sockets, probe: SentProbe, fd: number) {
    this.#sockets = sockets;
    this.#probe = probe;
    this.#fd = fd;
  }

  /** When the other side took the connection, or sent anything; undefined before that. */
  get acceptedAt(): number | undefined {
    return this.#acceptedAt;
  }

  /**
   * What it means that nothing was heard in time. A raw socket that asks its own machine takes the packet itself, and
   * the kernel does not tell then that nobody else would.
   */
  get silence(): Verdict {
    return { outcome: this.#heardItself ? 'refused' : 'silent' };
  }

  step(now: number): Verdict | undefined {
    return this.#rejected() ?? this.#ask(now) ?? this.#hear(now);
  }

  close(): void {
    this.#sockets.close(this.#fd, { reset: this.#probe.protocol === 'TCP' });
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
    if ('data' in received && isOwnInit(this.#probe, received.data)) {
      this.#heardItself = true;
      return undefined;
    }
    this.#acceptedAt = now;
    return 'data' in received ? this.#understand(received.data) : { outcome: 'answered' };
  }

  #understand(data: Uint8Array): Verdict | undefined {
    if (this.#probe.protocol === 'SCTP') return understandSctp(this.#probe, data);
    this.#heard = Buffer.concat([this.#heard, data]);
    const { isComplete, answer } = readAnswer(this.#heard);
    if (answer !== undefined) return { outcome: 'answered', answer };
    return isComplete || this.#probe.protocol !== 'TCP' ? { outcome: 'answered' } : undefined;
  }

  #failed({ errno }: SocketFailure): Verdict | undefined {
    return this.#rejected() ?? verdictOfErrno(errno);
  }
}
