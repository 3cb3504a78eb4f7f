import { execFile } from 'node:child_process';

/** How a program ended: 128 and more when a signal ended it, as shells count. */
export interface ProgramEnd {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const defaults = { timeoutMs: 20_000, mostBytes: 4 * 1024 * 1024 } as const;

/**
 * Runs a program to its end without input; undefined when there is no such program. One that takes longer than 20 s is
 * killed.
 */
export function runProgram(command: string, args: readonly string[]): Promise<ProgramEnd | undefined> {
  const options = { encoding: 'utf8', timeout: defaults.timeoutMs, maxBuffer: defaults.mostBytes } as const;
  return new Promise((resolve) => {
    const child = execFile(command, args, options, (error, out, err) => {
      if (error?.code === 'ENOENT') resolve(undefined);
      else resolve({ code: codeOf(error), out, err });
    });
    child.stdin?.end();
  });
}

function codeOf(error: { readonly code?: string | number | null | undefined } | null): number {
  if (error === null) return 0;
  return typeof error.code === 'number' ? error.code : 128;
}
