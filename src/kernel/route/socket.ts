import { WeftError } from '../../lib/errors.ts';
import type { Acknowledgement, NetlinkMessage } from '../../wire/netlink/message.ts';
import { NLM_F_DUMP_INTR, parseAcknowledgement, parseMessages } from '../../wire/netlink/message.ts';
import { MessageWriter } from '../../wire/netlink/writer.ts';
import { errnoName, errnoNumber } from '../libc-errno.ts';
import { libc, SyscallError } from '../libc.ts';
import { MSG_DONTWAIT } from '../libc-constants.ts';
import { createNetlinkReader, receiveNetlink, sendNetlink, type NetlinkReader } from '../libc-netlink.ts';

// Per sendto; the acknowledgements of a batch wait in the receive buffer meanwhile.
const maxBatchRequests = 200;
const maxBatchBytes = 32 * 1024;
const maxDumpAttempts = 5;

/** Writes one request, with the given sequence number. */
export type Request = (writer: MessageWriter, sequence: number) => void;

type Visit = (message: NetlinkMessage) => void;

/** Memory that all sockets of a thread share: they are used one after the other. */
export interface RouteBuffers {
  readonly writer: MessageWriter;
  readonly reader: NetlinkReader;
}

export function createRouteBuffers(): RouteBuffers {
  return { writer: new MessageWriter(2 * maxBatchBytes), reader: createNetlinkReader() };
}

/**
 * Requests and answers over one rtnetlink socket. The kernel handles a request while it is being sent, so an
 * answer that is not there afterwards will never come: nothing here waits.
 */
export class RouteSocket {
  readonly #fd: number;
  readonly #buffers: RouteBuffers;
  #sequence = 0;

  constructor(fd: number, buffers: RouteBuffers) {
    this.#fd = fd;
    this.#buffers = buffers;
  }

  /**
   * Sends the requests in batches. Returns the acknowledgement of each, in order: ENOBUFS for one whose answer
   * was lost. Other messages go to `visit`, which must not keep their bytes.
   */
  exchange(requests: readonly Request[], visit: Visit = () => {}): Acknowledgement[] {
    const answers: Acknowledgement[] = [];
    while (answers.length < requests.length) answers.push(...this.#batch(requests, answers.length, visit));
    return answers;
  }

  #batch(requests: readonly Request[], from: number, visit: Visit): Acknowledgement[] {
    const { writer } = this.#buffers;
    const first = this.#sequence + 1;
    writer.reset();
    let count = 0;
    for (let next = requests[from]; next !== undefined; next = requests[from + count]) {
      next(writer, this.#nextSequence());
      count++;
      if (count === maxBatchRequests || writer.length >= maxBatchBytes) break;
    }
    sendNetlink(this.#fd, writer.finish());
    const answers = Array.from({ length: count }, () => lost);
    this.#receiveAll((message) => {
      const answer = parseAcknowledgement(message);
      // Sequence numbers are 32 bits wide and may wrap inside a batch.
      const position = (message.sequence - first) >>> 0;
      if (answer === undefined) visit(message);
      else if (position < count) answers[position] = answer;
    });
    return answers;
  }

  /**
   * Dumps a table: calls `start`, then `visit` for every entry (which must not keep its bytes), and all over
   * again when the table changed meanwhile or answers were lost. Throws `route-dump` when that does not end, or
   * when the kernel refuses.
   */
  dump(request: Request, { start, visit }: { start: () => void; visit: Visit }): void {
    let why = '';
    for (let attempt = 0; attempt < maxDumpAttempts; attempt++) {
      start();
      const { consistent, done } = this.#dumpOnce(request, visit);
      if (done !== undefined && done.errno !== 0) throw dumpFailed(`${errnoName(done.errno)} ${done.text}`);
      if (done !== undefined && consistent) return;
      why = done === undefined ? 'answers were lost' : 'it changed all the time';
    }
    throw dumpFailed(why);
  }

  #dumpOnce(request: Request, visit: Visit): { consistent: boolean; done: Acknowledgement | undefined } {
    const { writer } = this.#buffers;
    const sequence = this.#nextSequence();
    writer.reset();
    request(writer, sequence);
    sendNetlink(this.#fd, writer.finish());
    let consistent = true;
    let done: Acknowledgement | undefined;
    const complete = this.#receiveAll((message) => {
      // Left over from an exchange whose answers overran the buffer.
      if (message.sequence !== sequence) return;
      if ((message.flags & NLM_F_DUMP_INTR) !== 0) consistent = false;
      done = parseAcknowledgement(message);
      if (done === undefined) visit(message);
    });
    return { consistent: consistent && complete, done };
  }

  /** Reads until nothing is left; false when the kernel says that it had to drop something. */
  #receiveAll(visit: Visit): boolean {
    let complete = true;
    for (;;) {
      try {
        const datagram = receiveNetlink(this.#fd, this.#buffers.reader, MSG_DONTWAIT);
        if (datagram === undefined) return complete;
        for (const message of parseMessages(datagram)) visit(message);
      } catch (error) {
        if (!(error instanceof SyscallError && error.errnoName === 'ENOBUFS')) throw error;
        complete = false;
      }
    }
  }

  #nextSequence(): number {
    this.#sequence = (this.#sequence + 1) >>> 0;
    return this.#sequence;
  }

  close(): void {
    libc().close(this.#fd);
  }
}

const lost: Acknowledgement = { errno: errnoNumber('ENOBUFS') ?? 0, text: 'the kernel lost its answer' };

function dumpFailed(why: string): WeftError {
  const hint = 'Try again; when it persists, look for a program that changes the same network namespace.';
  return new WeftError('route-dump', `listing a network namespace failed: ${why}`, {
    hint,
    fault: 'environment',
  });
}
