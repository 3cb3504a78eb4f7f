import type { ServerResponse } from 'node:http';
import { constants, type Http2ServerResponse } from 'node:http2';
import type { Backlog, Member } from './backlog.ts';
import type { Sink } from './messages.ts';

/** What may wait for a client that reads slowly, beyond what its stream began with. */
const backlogBytes = 8 * 1024 * 1024;

/** At most about this much of a response is handed to the connection before it has taken what came before. */
export const pieceBytes = 64 * 1024;

export interface SinkOptions {
  /** See `Store.committed`: nothing is sent that could still be undone. */
  readonly committed: () => Promise<void> | undefined;
  readonly backlog: Backlog;
}

/**
 * A sink over a response. What one turn of the event loop writes goes out as one piece, and to a client that reads
 * slowly piece by piece: what waits is references to texts that all its watchers share. A client that lets more than
 * the backlog pile up is cut off, and lists again when it comes back: nobody waits for it.
 */
export function createSink(
  response: ServerResponse | Http2ServerResponse,
  { committed, backlog }: SinkOptions,
): Sink & { started(): void } {
  let waiting: string[] = [];
  let waitingBytes = 0;
  /** How many of what waits tell of nothing that could still be undone. */
  let released = 0;
  /** Handed to the connection, and not yet taken by it. */
  let underWay = 0;
  let allowed = Number.POSITIVE_INFINITY;
  let scheduled = false;
  /** Nothing more is to come. */
  let ending = false;
  let over = false;

  const flush = (): void => {
    // What comes while these wait waits anew: there may always be something that does.
    const count = waiting.length;
    const release = (): void => {
      released = count;
      send();
    };
    const wait = committed();
    if (wait === undefined) release();
    else wait.then(release, cut);
  };
  const send = (): void => {
    scheduled = false;
    if (over) return;
    while (hasPiece()) sendPiece();
    if (waiting.length > released) return schedule();
    if (!ending || waiting.length > 0) return;
    leave();
    response.end();
  };
  const hasPiece = (): boolean => released > 0 && underWay < pieceBytes;
  const sendPiece = (): void => {
    let [count, size] = [0, 0];
    while (count < released && size < pieceBytes) size += waiting[count++]?.length ?? 0;
    const piece = waiting.splice(0, count).join('');
    released -= count;
    waitingBytes -= size;
    underWay += size;
    const taken = (): void => {
      underWay -= size;
      if (over) return;
      backlog.changed(member, -size);
      if (waiting.length > 0) schedule();
    };
    if ('stream' in response) response.write(piece, taken);
    else response.write(piece, taken);
  };
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(flush);
  };
  const leave = (): void => {
    over = true;
    waiting = [];
    backlog.left(member);
  };
  const cut = (): void => {
    leave();
    cutOff(response);
  };
  const member: Member = { cut };
  response.once('close', leave);
  return {
    write(text) {
      if (over || ending) return;
      waiting.push(text);
      waitingBytes += text.length;
      if (underWay + waitingBytes > allowed) return cut();
      backlog.changed(member, text.length);
      schedule();
    },
    started() {
      allowed = underWay + waitingBytes + backlogBytes;
    },
    end() {
      if (over || ending) return;
      ending = true;
      schedule();
    },
    cut,
  };
}

/** Ends a response in the middle, for a client that does not take it. */
export function cutOff(response: ServerResponse | Http2ServerResponse): void {
  if ('stream' in response) response.stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  else response.destroy();
}
