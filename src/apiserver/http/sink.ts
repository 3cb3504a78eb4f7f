import type { ServerResponse } from 'node:http';
import { constants, type Http2ServerResponse } from 'node:http2';
import type { Sink } from './messages.ts';

/** What may wait for a client that reads slowly, beyond what its stream began with. */
const backlogBytes = 8 * 1024 * 1024;

/**
 * A sink over a response. What one turn of the event loop writes goes out as one piece. A client that lets more
 * than the backlog pile up is cut off, and lists again when it comes back: nobody waits for it.
 */
export function createSink(
  response: ServerResponse | Http2ServerResponse,
  settled: () => Promise<void> | undefined,
): Sink & { started(): void } {
  let buffered: string[] = [];
  let bufferedSize = 0;
  /** Handed to the connection, and not yet taken by it. */
  let underWay = 0;
  let allowed = Number.POSITIVE_INFINITY;
  let scheduled = false;
  /** Nothing more is to come. */
  let ending = false;
  let over = false;

  const flush = (): void => {
    const durable = settled();
    if (durable === undefined) return send();
    scheduled = true;
    durable.then(flush, cut);
  };
  const send = (): void => {
    scheduled = false;
    if (over || buffered.length === 0) return finish();
    const size = bufferedSize;
    const piece = buffered.join('');
    buffered = [];
    bufferedSize = 0;
    underWay += size;
    const taken = (): void => {
      underWay -= size;
    };
    if ('stream' in response) response.write(piece, taken);
    else response.write(piece, taken);
    finish();
  };
  const finish = (): void => {
    if (!ending || over) return;
    over = true;
    response.end();
  };
  const cut = (): void => {
    over = true;
    buffered = [];
    if ('stream' in response) response.stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    else response.destroy();
  };
  return {
    write(text) {
      if (over || ending) return;
      buffered.push(text);
      bufferedSize += text.length;
      if (underWay + bufferedSize > allowed) cut();
      else if (!scheduled) {
        scheduled = true;
        setImmediate(flush);
      }
    },
    started() {
      allowed = underWay + bufferedSize + backlogBytes;
    },
    end() {
      if (over || ending) return;
      ending = true;
      flush();
    },
    cut,
  };
}
