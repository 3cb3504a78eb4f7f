import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { WeftError } from '../../lib/errors.ts';

/** A program that takes this one's place until it ends. */
export interface ForegroundProgram {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Descriptors of its input, output and errors; this process's own when absent. */
  readonly stdio?: readonly [input: number, output: number, errors: number];
  /** The package that has the program, for the message that it is missing. */
  readonly fromPackage: string;
}

/**
 * Runs a program until it ends, and returns its exit code: 128 and the signal's number when a signal ended it, as shells
 * count. Throws `program-missing` when it is not installed, `program-failed` when it cannot be started.
 */
export function runInForeground(program: ForegroundProgram): Promise<number> {
  const { command, args, env, stdio = [0, 1, 2] } = program;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: { ...env }, stdio: [...stdio] });
    // A terminal sends these to the program too, which decides what becomes of both.
    const signals = ['SIGINT', 'SIGQUIT'] as const;
    const ignore = (): void => {};
    for (const signal of signals) process.on(signal, ignore);
    const end = (): void => {
      for (const signal of signals) process.off(signal, ignore);
    };
    child.once('error', (cause: NodeJS.ErrnoException) => {
      end();
      reject(programFailure(program, cause));
    });
    child.once('exit', (code, signal) => {
      end();
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

/** The error of a program that could not be started. */
export function programFailure(
  { command, fromPackage }: Pick<ForegroundProgram, 'command' | 'fromPackage'>,
  cause: NodeJS.ErrnoException,
): WeftError {
  const isMissing = cause.code === 'ENOENT';
  return new WeftError(
    isMissing ? 'program-missing' : 'program-failed',
    isMissing ? `${command} is not installed` : `${command} cannot be started: ${cause.message}`,
    { fault: 'environment', cause, ...(isMissing ? { hint: `install the package ${fromPackage}` } : {}) },
  );
}
