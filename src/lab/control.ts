import type { LabOptions } from './options.ts';
import type { LabPaths } from './paths.ts';
import type { ProcessStatus } from './process-status.ts';

/** Starts, finds and ends the labs of this machine. */
export interface LabControl {
  paths(name: string): LabPaths;
  /** Names of the labs that have a directory, sorted. */
  list(): Promise<string[]>;
  isRunning(name: string): Promise<boolean>;
  /** Whether labs run inside user namespaces, without root. */
  isUnprivileged(): Promise<boolean>;
  /** What plays each role of the lab now, whether it is whole, half dead or gone. */
  processes(name: string): Promise<readonly ProcessStatus[]>;
  /**
   * Makes the lab's processes run, under the lab's lock; resolves when its API server answers. Does nothing for
   * a lab that runs with the same options; throws `lab-differs` for others. `prepare` runs before they start, and also
   * where they run already, with the lab's directory there.
   */
  start(options: LabOptions, prepare?: () => Promise<void>): Promise<void>;
  /** What `up` decided about a lab; undefined where there is none, or nothing that can be read. */
  options(name: string): Promise<LabOptions | undefined>;
  /** Ends the lab's processes and removes everything it has. Resolves to false when there was nothing. */
  stop(name: string): Promise<boolean>;
}
