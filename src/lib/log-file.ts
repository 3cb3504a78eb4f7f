import { copyFileSync, fchmodSync, fstatSync, ftruncateSync, writeSync, chmodSync } from 'node:fs';

/** Where log lines go, one whole line each. */
export interface LogSink {
  write(line: string): void;
}

export interface LogFileOptions {
  /** Open for appending: a truncated file is then written from its start. */
  readonly fd: number;
  /** Of the file that `fd` is. */
  readonly path: string;
  /** The file and its one predecessor, `PATH.1`, are each at most so long, and one line. */
  readonly limitBytes: number;
}

/**
 * Appends lines to an open file and keeps it bounded: when the next line would not fit, what is there becomes
 * `PATH.1` (mode 0600) in the place of the one before. It is copied, not renamed, for the descriptor belongs to the
 * whole process: what the runtime writes to it by itself goes on reaching the file. A descriptor that is no file is
 * only written to. A line that cannot be written, because the disk is full say, is lost; nothing is thrown.
 */
export function createLogFile({ fd, path, limitBytes }: LogFileOptions): LogSink {
  const isFile = attempt(() => fstatSync(fd).isFile()) ?? false;
  if (isFile) attempt(() => fchmodSync(fd, 0o600));
  return {
    write(line) {
      const bytes = Buffer.from(line);
      if (isFile && (sizeOf(fd) ?? 0) + bytes.length > limitBytes) turn(fd, path);
      attempt(() => writeSync(fd, bytes));
    },
  };
}

/** Without room for a copy the lines are given up: the bound holds in any case. */
function turn(fd: number, path: string): void {
  attempt(() => {
    copyFileSync(path, previousLog(path));
    chmodSync(previousLog(path), 0o600);
  });
  attempt(() => ftruncateSync(fd, 0));
}

/** The older half of a log. */
export function previousLog(path: string): string {
  return `${path}.1`;
}

function sizeOf(fd: number): number | undefined {
  return attempt(() => fstatSync(fd).size);
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
