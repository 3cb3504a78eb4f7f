import { existsSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { pino, type Logger } from 'pino';
import { acquireLock } from '../drivers/process/lock.ts';
import { tryLock } from '../kernel/flock/flock.ts';
import { systemClock } from '../lib/clock.ts';
import { messageOf, WeftError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { Metric } from '../lib/metrics.ts';
import { createLogFile } from '../lib/log-file.ts';
import { readLabOptions, type LabOptions } from '../lab/options.ts';
import { labPaths, type LabPaths } from '../lab/paths.ts';
import { basename, dirname } from 'node:path';
import { serveMetrics } from './serve-metrics.ts';

/** What every long-running role of a lab is started with. */
export interface Role {
  readonly name: string;
  readonly paths: LabPaths;
  readonly options: LabOptions;
  readonly log: Log;
  /** Adds to the metrics of the process what is asked for each time they are. */
  readonly expose: (metrics: () => Metric | readonly Metric[]) => void;
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
  const paths = labPaths(dirname(directory), basename(directory));
  const log = logOf(name, paths);
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
  const own: (() => Metric | readonly Metric[])[] = [];
  const metrics = serveMetrics(paths.metrics(name), log, () => own.flatMap((metrics) => metrics()));
  void metrics.start();
  const stop = await start({
    name,
    paths,
    options: readLabOptions(paths.options),
    log,
    expose: (metrics) => void own.push(metrics),
  });
  log.info(
    { startMs: Math.round(performance.now() - began), sinceProcessStartMs: Math.round(performance.now()) },
    'started',
  );
  // Node writes it at a clean end only; the next lab shall start fast also when this one is killed.
  setTimeout(flushCompileCache, 1000).unref();
  const end = (): void => {
    Promise.all([stop(), metrics.stop()]).then(
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

/** On standard output, which is the role's log file. */
function logOf(name: string, paths: LabPaths): Logger {
  const sink = createLogFile({ fd: 1, path: paths.log(name), limitBytes: longestLogBytes });
  return pino({ name, base: { role: name, pid: process.pid } }, sink);
}

/** The logs of a lab are in memory where /run is; two files of four roles have a place there. */
const longestLogBytes = 1024 * 1024;

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
