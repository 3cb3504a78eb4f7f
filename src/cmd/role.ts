import { mkdirSync } from 'node:fs';
import { pino } from 'pino';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { readLabOptions, type LabOptions } from '../lab/options.ts';
import { labPaths, type LabPaths } from '../lab/paths.ts';
import { basename, dirname } from 'node:path';

/** What every long-running role of a lab is started with. */
export interface Role {
  readonly name: string;
  readonly paths: LabPaths;
  readonly options: LabOptions;
  readonly log: Log;
}

/**
 * Runs a role of a lab: `node src/cmd/ROLE.ts DIRECTORY`. Ends with the returned `stop` on SIGTERM and SIGINT; a
 * role that cannot start says so in its log and exits 1, for its supervisor to try again.
 */
export async function runRole(
  name: string,
  start: (role: Role) => Promise<() => Promise<void>>,
): Promise<void> {
  const directory = process.argv[2];
  if (directory === undefined) throw new Error(`usage: ${name} DIRECTORY`);
  const log = pino({ name, base: { role: name, pid: process.pid } }, pino.destination({ fd: 1, sync: true }));
  const paths = labPaths(dirname(directory), basename(directory));
  process.on('unhandledRejection', (reason) => {
    log.fatal(
      { error: messageOf(reason), stack: reason instanceof Error ? reason.stack : undefined },
      'defect',
    );
    process.exit(1);
  });
  process.umask(0o077);
  mkdirSync(paths.namespaces, { recursive: true, mode: 0o700 });
  const began = performance.now();
  const stop = await start({ name, paths, options: readLabOptions(paths.options), log });
  log.info(
    { startMs: Math.round(performance.now() - began), sinceProcessStartMs: Math.round(performance.now()) },
    'started',
  );
  const end = (): void => {
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ error: messageOf(error) }, 'did not stop cleanly');
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
}

/** Resolves when `ready` stops throwing; tries every few milliseconds, for processes of a lab start together. */
export async function whenReady<T>(ready: () => T | Promise<T>, timeoutMs = 20_000): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await ready();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
