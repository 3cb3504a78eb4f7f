import { messageOf } from '../../lib/errors.ts';
import { systemClock, type Clock } from '../../lib/clock.ts';
import { silentLog, type Log } from '../../lib/log.ts';
import { rpcStream } from '../../lib/rpc-stream.ts';
import type { Denial } from '../port.ts';
import { decodeDenial, type DenialSource } from './denial.ts';

export interface DenialStream extends DenialSource {
  ready(): Promise<void>;
  close(): void;
}

const reconnectAfterMs = 100;
/** A lab whose agents do not run has no evidence; probes are still worth sending. */
const longestWaitMs = 2000;

/**
 * The agents' `GET /denials` stream, opened at the first subscription and opened again when it ends. `ready` resolves
 * when it is open, or after two seconds without it: drops are then seen as silence.
 */
export function createDenialStream(
  socketPath: string,
  { clock = systemClock, log = silentLog }: { clock?: Clock; log?: Log } = {},
): DenialStream {
  const callbacks = new Set<(denial: Denial) => void>();
  const closed = new AbortController();
  let isRunning = false;
  let opened = Promise.withResolvers<void>();

  async function run(): Promise<void> {
    isRunning = true;
    while (!closed.signal.aborted) {
      let wasOpen = false;
      const onOpen = (): void => {
        wasOpen = true;
        opened.resolve();
      };
      try {
        await rpcStream(socketPath, '/denials', { signal: closed.signal, onOpen, onValue: tell });
      } catch (thrown) {
        log.debug({ error: messageOf(thrown) }, 'the stream of denials ended');
      }
      if (wasOpen) opened = Promise.withResolvers();
      await pause();
    }
  }

  function pause(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(reconnectAfterMs, resolve);
      const stop = (): void => {
        cancel();
        resolve();
      };
      closed.signal.addEventListener('abort', stop, { once: true });
    });
  }

  function tell(value: unknown): void {
    const denial = decodeDenial(value);
    if (denial === undefined) log.warn({}, 'a denial is malformed');
    else for (const callback of callbacks) callback(denial);
  }

  return {
    subscribe(callback) {
      callbacks.add(callback);
      if (!isRunning) void run();
      return () => callbacks.delete(callback);
    },
    async ready() {
      const late = Promise.withResolvers<void>();
      const cancel = clock.after(longestWaitMs, late.resolve);
      await Promise.race([opened.promise, late.promise]);
      cancel();
    },
    close() {
      closed.abort();
      opened.resolve();
    },
  };
}
