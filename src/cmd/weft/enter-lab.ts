import { dirname, join } from 'node:path';
import { createProcesses } from '../../drivers/process/processes.ts';
import { runInForeground } from '../../drivers/inside/foreground.ts';
import { findLabProcesses } from '../../lab/lab-processes.ts';
import { directoryVariable, type LabPaths } from '../../lab/paths.ts';
import { systemClock } from '../../lib/clock.ts';
import { labsRunAsRoot } from './privilege.ts';

/**
 * Runs this command line once more in the user and network namespaces of a lab without root, and returns its exit code:
 * only there the user may enter the lab's other namespaces, and a process with threads, as this one is, cannot join a
 * user namespace (setns(2)). Undefined for root, who need not, and when the lab does
 * not run.
 */
export async function enterLab(paths: LabPaths, argv: readonly string[]): Promise<number | undefined> {
  if (labsRunAsRoot()) return undefined;
  const [member] = findLabProcesses(createProcesses({ clock: systemClock }), paths);
  if (member === undefined) return undefined;
  // Not their mount namespace as well: it would take the working directory away, and /proc shows its pins.
  const kinds = ['--user', '--preserve-credentials', '--net', '--target', String(member.record.pid)];
  return runInForeground({
    command: 'nsenter',
    args: [...kinds, process.execPath, join(import.meta.dirname, '../weft.ts'), ...argv],
    env: { ...process.env, [directoryVariable]: dirname(paths.directory) },
    fromPackage: 'util-linux',
  });
}
