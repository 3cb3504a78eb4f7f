import type { CliEnvironment } from './environment.ts';

type Terminal = Pick<CliEnvironment, 'err' | 'now' | 'isTerminal' | 'env'>;

/** One line per phase: what is done, a tick, and how long it took. */
export interface Progress {
  /** Runs a phase; its result may add a note to the line. A phase that throws gets a cross. */
  phase<T>(title: string, work: () => Promise<T>, note?: (result: T) => string): Promise<T>;
}

/** `NO_COLOR` as at no-color.org: there and not empty. */
export function createProgress({ err, now, isTerminal, env }: Terminal): Progress {
  const hasColour = isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  const coloured = (mark: string): string =>
    hasColour ? `\u001b[${mark === '✓' ? 32 : 31}m${mark}\u001b[0m` : mark;
  return {
    async phase(title, work, note) {
      const start = now();
      const line = (mark: string, rest: string): void => {
        err(`${coloured(mark)} ${title.padEnd(22)} ${rest} ${((now() - start) / 1000).toFixed(2)} s\n`);
      };
      try {
        const result = await work();
        line('✓', (note?.(result) ?? '').padEnd(48));
        return result;
      } catch (error) {
        line('✗', ''.padEnd(48));
        throw error;
      }
    },
  };
}
