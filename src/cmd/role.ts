import { existsSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { pino, type Logger } from 'pino';
import { acquireLock } from '../drivers/process/lock.ts';
import { tryLock } from '../kernel/flock/flock.ts';
import { systemClock } from '../lib/clock.ts';
import { messageOf, WeftError } from '../lib/errors.ts';
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
  const log = logOf(name);
  const paths = labPaths(dirname(directory), basename(directory));
  process.on('unhandledRejection', (reason) => {
    log.fatal(
      { error: messageOf(reason), stack: reason instanceof Error ? reason.stack : undefined },
      'defect',
    );
    process.exit(1);
  });
  process.umask(0o077);
  if (!(await takesTheRole(name, paths))) process.exit(0);
  const began = performance.now();
  const stop = await start({ name, paths, options: readLabOptions(paths.options), log });
  log.info(
    { startMs: Math.round(performance.now() - began), sinceProcessStartMs: Math.round(performance.now()) },
    'started',
  );
  // Node writes it at a clean end only; the next lab shall start fast also when this one is killed.
  setTimeout(flushCompileCache, 1000).unref();
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

/** A line that cannot be written, because the disk is full say, is lost; the role goes on. */
function logOf(name: string): Logger {
  const destination = pino.destination({ fd: 1, sync: true });
  destination.on('error', () => {});
  return pino({ name, base: { role: name, pid: process.pid } }, destination);
}

/** How long a role waits for the one before it to be gone. */
const succeedMs = 3000;

/**
 * Makes this process the only one of its role, until it ends. False when another one is, or the lab is being ended:
 * several who saw the holder die may have started a new one, and one is enough.
 */
async function takesTheRole(name: string, paths: LabPaths): Promise<boolean> {
  if (existsSync(paths.ending)) return false;
  try {
    const signal = AbortSignal.timeout(succeedMs);
    await acquireLock(paths.roleLock(name), { clock: systemClock, tryLock, wait: true, signal });
    return !existsSync(paths.ending);
  } catch (error) {
    if (error instanceof WeftError && error.code === 'lock-held') return false;
    throw error;
  }
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
