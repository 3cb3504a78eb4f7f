import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createProcesses } from '../drivers/process/processes.ts';
import { findLabProcesses } from '../lab/lab-processes.ts';
import type { LabPaths } from '../lab/paths.ts';
import { readProcessFile } from '../lab/process-file.ts';
import { systemClock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';

/** After one was started and before the next: a holder needs less to write itself down. */
const settleMs = 1000;

/**
 * Starts the holder again when it dies, in this process's mount namespace, where the pins are. Every process that
 * the holder looks after looks after the holder, each with a patience of its own so that one of them does it; where
 * two do all the same, the lock of the role lets one live.
 */
export function watchHolder({ paths, log }: { paths: LabPaths; log: Log }, patienceMs: number): void {
  const processes = createProcesses({ clock: systemClock });

  const watch = (): void => {
    const { holder } = readProcessFile(paths.processes);
    if (holder === undefined) systemClock.after(settleMs, look);
    else processes.onExit(holder, () => systemClock.after(patienceMs, look));
  };
  const look = (): void => {
    const { holder } = readProcessFile(paths.processes);
    if (existsSync(paths.ending)) return;
    if (holder !== undefined && processes.isRunning(holder)) return watch();
    // One that is starting has not written itself down yet.
    const isStarting = findLabProcesses(processes, paths).some(({ role }) => role === 'holder');
    if (!isStarting) start();
    systemClock.after(settleMs, look);
  };
  const start = (): void => {
    log.warn({ patienceMs }, 'the holder is gone and is started again');
    const command = {
      command: process.execPath,
      args: [join(import.meta.dirname, 'holder.ts'), paths.directory],
      env: process.env,
      logFile: paths.log('holder'),
    };
    processes.start(command).catch((error: unknown) => {
      log.error({ error: messageOf(error) }, 'the holder cannot be started');
    });
  };
  watch();
}
