import type { Processes } from '../drivers/process/port.ts';
import { findLabProcesses } from './lab-processes.ts';
import type { LabPaths } from './paths.ts';
import { readProcessFile, roleNames, type RoleName } from './process-file.ts';

/** A role of a lab and the process that plays it; without `pid` there is none now. */
export interface ProcessStatus {
  readonly role: RoleName;
  readonly pid?: number;
  readonly uptimeSeconds?: number;
  readonly residentBytes?: number;
  readonly descriptors?: number;
  /** How often another process had to be started in the place of one that ended. */
  readonly restarts: number;
}

/** Every role of a lab, whether it has a process or not. */
export function processStatus(processes: Processes, paths: LabPaths): ProcessStatus[] {
  const recorded = readProcessFile(paths.processes);
  const found = new Map(findLabProcesses(processes, paths).map(({ role, record }) => [role, record]));
  return roleNames.map((role) => {
    const restarts = recorded[role]?.restarts ?? 0;
    const record = found.get(role);
    if (record === undefined) return { role, restarts };
    return { role, pid: record.pid, restarts, ...processes.usage(record) };
  });
}
