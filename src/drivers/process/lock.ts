import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { Clock } from '../../lib/clock.ts';
import { WeftError } from '../../lib/errors.ts';
import { keepAlive } from '../../lib/keep-alive.ts';

export interface LockOptions {
  readonly clock: Clock;
  /** flock(2) with LOCK_EX and LOCK_NB on an open file: false when another open file of it is locked. */
  readonly tryLock: (fd: number) => boolean;
  /** Wait until it is free instead of throwing. */
  readonly wait?: boolean;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
}

/** An exclusive lock. The kernel ends it with the process at the latest. */
export interface Lock {
  release(): void;
}

const pollMs = 50;

/**
 * Locks a file, which is made when there is none (mode 0600) and never removed: who waits has it open. Throws
 * `lock-held`, naming the pid that has it, and `lock-aborted`.
 */
export async function acquireLock(path: string, options: LockOptions): Promise<Lock> {
  const { clock, tryLock, signal } = options;
  const fd = openSync(path, 'a+', 0o600);
  const release = keepAlive();
  try {
    while (!tryLock(fd)) {
      if (options.wait !== true) throw held(path);
      if (signal?.aborted) throw new WeftError('lock-aborted', `nobody waits for ${path} any more`);
      await new Promise<void>((resolve) => void clock.after(pollMs, resolve));
    }
    ftruncateSync(fd);
    writeSync(fd, `${process.pid}\n`);
  } catch (thrown) {
    closeSync(fd);
    throw thrown;
  } finally {
    release();
  }
  return lockOf(fd);
}

function lockOf(fd: number): Lock {
  let isHeld = true;
  return {
    release() {
      if (isHeld) closeSync(fd);
      isHeld = false;
    },
  };
}

function held(path: string): WeftError {
  const holder = readFileSync(path, 'utf8').trim();
  const by = /^\d+$/.test(holder) ? `process ${holder}` : 'another process';
  return new WeftError('lock-held', `${by} holds ${path}`, {
    hint: 'Another command is at work on the same lab: wait for it.',
    fault: 'environment',
  });
}
