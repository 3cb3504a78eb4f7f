import type { Clock } from './clock.ts';
import { WeftError } from './errors.ts';
import { keepAlive } from './keep-alive.ts';

/**
 * What `work` comes to, if that is within `limitMs`. Rejects with `timed-out`, naming `what`, when it is not: the work
 * goes on, and nobody hears what comes of it.
 */
export function within<T>(clock: Clock, limit: { what: string; ms: number }, work: Promise<T>): Promise<T> {
  const release = keepAlive();
  return new Promise<T>((resolve, reject) => {
    const cancel = clock.after(limit.ms, () => {
      reject(
        new WeftError('timed-out', `${limit.what} did not answer within ${limit.ms / 1000} s`, {
          fault: 'environment',
        }),
      );
    });
    work.then(resolve, reject).finally(cancel);
  }).finally(release);
}
