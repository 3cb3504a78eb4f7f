import { basename, dirname } from 'node:path';
import type { ProcessRecord, Processes } from '../drivers/process/port.ts';
import type { LabPaths } from './paths.ts';
import type { RoleName } from './process-file.ts';

/** A running process of a lab. */
export interface LabProcess {
  readonly role: RoleName;
  readonly record: ProcessRecord;
}

const entry = /(?:^|\/)(holder|control|agents|dns)\.ts$/;

/**
 * The processes of a lab, by their command lines: `… ROLE.ts DIRECTORY`. What `processes.json` says may be behind,
 * missing or from before a reboot; a process that nobody has written down yet is found all the same.
 */
export function findLabProcesses(processes: Processes, { directory }: LabPaths): LabProcess[] {
  return processes
    .find((args) => args.at(-1) === directory && roleOf(args) !== undefined)
    .flatMap(({ record, args }) => {
      const role = roleOf(args);
      return role === undefined ? [] : [{ role, record }];
    });
}

/** The routing daemons of a lab: they go on when those who started them end. */
export function findLabDaemons(processes: Processes, { bgp }: LabPaths): ProcessRecord[] {
  const folders = Object.values(bgp).map((folder) => `${folder}/`);
  return processes
    .find((args) => args.some((arg) => folders.some((folder) => arg.startsWith(folder))))
    .map(({ record }) => record);
}

/** Names of the labs of a directory that have a running process. */
export function runningLabs(processes: Processes, directory: string): Set<string> {
  const found = processes.find(
    (args) => roleOf(args) !== undefined && dirname(args.at(-1) ?? '') === directory,
  );
  return new Set(found.map(({ args }) => basename(args.at(-1) ?? '')));
}

function roleOf(args: readonly string[]): RoleName | undefined {
  return entry.exec(args.at(-2) ?? '')?.[1] as RoleName | undefined;
}
