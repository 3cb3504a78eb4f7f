import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
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
  /** Releases it and removes the file: whoever waits notices and makes a new one. */
  remove(): void;
}

const pollMs = 50;

/**
 * Locks a file, which is made when there is none (mode 0600). Throws `lock-held`, naming the pid that has it; with
 * `wait`, when the signal ends the waiting.
 */
export async function acquireLock(path: string, options: LockOptions): Promise<Lock> {
  for (;;) {
    const fd = await lockOnce(path, options);
    // The one before may have removed the file while this one waited for it: a lock that nobody else can find.
    if (isAt(path, fd)) return lockOf(path, fd);
    closeSync(fd);
  }
}

async function lockOnce(path: string, { clock, tryLock, wait, signal }: LockOptions): Promise<number> {
  const fd = openSync(path, 'a+', 0o600);
  const release = keepAlive();
  try {
    while (!tryLock(fd)) {
      if (wait !== true) throw held(path);
      if (signal?.aborted) throw held(path);
      await new Promise<void>((resolve) => void clock.after(pollMs, resolve));
    }
    ftruncateSync(fd);
    writeSync(fd, `${process.pid}\n`);
    return fd;
  } catch (thrown) {
    closeSync(fd);
    throw thrown;
  } finally {
    release();
  }
}

function isAt(path: string, fd: number): boolean {
  return statSync(path, { throwIfNoEntry: false })?.ino === fstatSync(fd).ino;
}

function lockOf(path: string, fd: number): Lock {
  let isHeld = true;
  const release = (): void => {
    if (isHeld) closeSync(fd);
    isHeld = false;
  };
  return {
    release,
    remove() {
      if (isHeld) rmSync(path, { force: true });
      release();
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
