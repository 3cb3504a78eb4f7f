import { existsSync } from 'node:fs';
import { acquireLock, type Lock } from '../drivers/process/lock.ts';
import { createProcesses } from '../drivers/process/processes.ts';
import { tryLock } from '../kernel/flock/flock.ts';
import { createExitWatch } from '../kernel/pidfd/exit-watch.ts';
import type { Poller } from '../kernel/poll/port.ts';
import { findLabProcesses } from '../lab/lab-processes.ts';
import type { LabPaths } from '../lab/paths.ts';
import { readProcessFile } from '../lab/process-file.ts';
import { systemClock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { ownDoor } from './own-door.ts';
import { roleCommand } from './runtime.ts';

/** How often it is asked whether the holder that somebody starts has come. */
const lookMs = 50;
/** One that was started and has not written itself down by then is not going to. */
const startMs = 2000;

export interface HolderWatch {
  readonly paths: LabPaths;
  readonly log: Log;
  /** To be told of its end at once; without one it is looked at every 100 ms. */
  readonly poller?: Poller;
}

/**
 * Starts the holder again when it dies, in this process's mount namespace, where the pins are. Every process that
 * the holder looks after looks after the holder; who takes the lock of the revival starts it, and when that one dies
 * over it the kernel gives the lock to the next. Where two start one all the same, the lock of the role lets one live.
 */
export function watchHolder({ paths, log, poller }: HolderWatch): void {
  const processes = createProcesses({
    clock: systemClock,
    ...(poller !== undefined && { watchExit: createExitWatch(poller) }),
  });

  /** The holder that has written itself down and runs. */
  const running = (): ReturnType<typeof readProcessFile>['holder'] => {
    const { holder } = readProcessFile(paths.processes);
    return holder !== undefined && processes.isRunning(holder) ? holder : undefined;
  };
  const watch = (): void => {
    const holder = running();
    if (holder === undefined) void revive();
    else processes.onExit(holder, watch);
  };
  const revive = async (): Promise<void> => {
    if (existsSync(paths.ending)) return;
    const lock = await acquireLock(paths.roleLock('revival'), { clock: systemClock, tryLock }).catch(
      () => undefined,
    );
    try {
      if (lock !== undefined) await startUnlessStarting();
    } catch (error) {
      log.error({ error: messageOf(error) }, 'the holder cannot be started');
    }
    lookAgain(lock, systemClock.monotonic() + (lock === undefined ? 0 : startMs));
  };
  const startUnlessStarting = async (): Promise<void> => {
    // One that is starting has not written itself down yet.
    if (findLabProcesses(processes, paths).some(({ role }) => role === 'holder')) return;
    log.warn({}, 'the holder is gone and is started again');
    const [command, ...args] = roleCommand('holder');
    await processes.start({
      command,
      args: [...args, paths.directory],
      env: process.env,
      logFile: paths.log('holder'),
      inherited: ownDoor(),
    });
  };
  /** Keeps the lock until the holder has come, or should have. */
  const lookAgain = (lock: Lock | undefined, deadline: number): void => {
    systemClock.after(lookMs, () => {
      if (running() === undefined && systemClock.monotonic() < deadline) return lookAgain(lock, deadline);
      lock?.release();
      watch();
    });
  };
  watch();
}
