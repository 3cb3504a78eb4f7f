import { WeftError } from './errors.ts';
import { request } from './http.ts';
import { createLineSplitter } from './lines.ts';
import { classifyTransport, readReply } from './rpc-client.ts';
import { longestLine } from './rpc-limits.ts';

export interface RpcStreamOptions {
  /** Called with the JSON of every line, in order. Not validated. */
  readonly onValue: (value: unknown) => void;
  /** Ends the stream when aborted. */
  readonly signal: AbortSignal;
  /** Called when the server has accepted the call: what it pushes from now on is seen. */
  readonly onOpen?: () => void;
}

/**
 * Reads an NDJSON stream of a `createRpcServer`. The promise resolves when the signal is aborted or the server
 * ended the stream; it rejects like `rpcCall`, with `rpc-malformed` also for a line that is not JSON.
 */
export function rpcStream(path: string, url: string, options: RpcStreamOptions): Promise<void> {
  const { signal } = options;
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const outgoing = request({ socketPath: path, path: url, agent: false });
    const abort = (): void => {
      outgoing.destroy();
      finish();
    };
    const finish = (error?: unknown): void => {
      signal.removeEventListener('abort', abort);
      if (error === undefined || signal.aborted) resolve();
      else reject(classifyTransport(path, error));
    };
    signal.addEventListener('abort', abort);
    outgoing.on('error', finish);
    outgoing.once('response', (response) => {
      if (response.statusCode !== 200) {
        readReply(response).then(() => finish(), finish);
        return;
      }
      options.onOpen?.();
      const split = createLineSplitter(longestLine, (line) => options.onValue(parseLine(line)));
      response.on('data', (chunk: Buffer) => {
        try {
          split(chunk);
        } catch (thrown) {
          outgoing.destroy();
          finish(thrown);
        }
      });
      response.once('end', () => finish());
      response.on('error', finish);
    });
    outgoing.end();
  });
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch (cause) {
    throw new WeftError('rpc-malformed', 'a line of the stream is not JSON', { cause });
  }
}
