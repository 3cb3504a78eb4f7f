/** A process that can be told from a later one with the same pid. */
export interface ProcessRecord {
  readonly pid: number;
  /** Clock ticks after boot: field 22 of /proc/PID/stat, proc(5). */
  readonly startTime: number;
}

export interface ProcessCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Standard output and error are appended to it; mode 0600. Standard input is empty. */
  readonly logFile: string;
  /** An open descriptor that it gets too, as its 3. */
  readonly inherited?: number | undefined;
}

/** How a process ended. Both are undefined where it was not a child of this process. */
export interface ProcessExit {
  readonly code?: number;
  readonly signal?: string;
}

/** A running process and what it was started with. */
export interface FoundProcess {
  readonly record: ProcessRecord;
  /** Its command line: program, then arguments. */
  readonly args: readonly string[];
}

/** What a running process takes of the machine. */
export interface ProcessUsage {
  readonly uptimeSeconds: number;
  /** Resident set size. */
  readonly residentBytes: number;
  /** Open file descriptors. */
  readonly descriptors: number;
}

/** Programs that run on their own: in a session of their own, and on when the one that started them ends. */
export interface Processes {
  /** Throws `process-start-failed`. */
  start(command: ProcessCommand): Promise<ProcessRecord>;
  /** False when it ended, also as long as nobody has reaped it, or when the pid is another process's by now. */
  isRunning(record: ProcessRecord): boolean;
  /** Undefined when it is not running. */
  usage(record: ProcessRecord): ProcessUsage | undefined;
  /**
   * The running processes of this user whose command line the filter takes, whoever started them: what is written
   * down about processes may be missing, cut short, or about another boot.
   */
  find(matches: (args: readonly string[]) => boolean): FoundProcess[];
  /**
   * SIGTERM, and after `graceMs` SIGKILL for it and what it started. Resolves when it is gone; does nothing when it is
   * not running. Throws `process-not-stopped` when not even that ends it.
   */
  stop(record: ProcessRecord, options: { readonly graceMs: number }): Promise<void>;
  /**
   * Calls back once when it ends: at once for a process started here, or where others can be watched too; otherwise
   * when that is seen (100 ms). The returned function ends the watch.
   */
  onExit(record: ProcessRecord, callback: (exit: ProcessExit) => void): () => void;
}
