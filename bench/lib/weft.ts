import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** The checkout that is measured. */
export const checkout = join(import.meta.dirname, '..', '..');

/** A command that ran as a process of its own. */
export interface Ran {
  readonly stdout: string;
  readonly exitCode: number;
  /** From before the process is made until it has ended. */
  readonly milliseconds: number;
}

export interface RunOptions {
  /** Exit codes that are no accident; 0 alone when absent. */
  readonly accept?: readonly number[];
  /** Directory of the compile cache; the checkout's own when absent. */
  readonly compileCache?: string;
}

/** Runs `./weft ARGS` as anybody would type it. Throws with what it complained about. */
export async function weft(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { NODE_COMPILE_CACHE: _, ...env } = process.env;
  const start = performance.now();
  const child = spawn(join(checkout, 'weft'), args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...env,
      ...(options.compileCache !== undefined && { NODE_COMPILE_CACHE: options.compileCache }),
    },
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (output.stderr += text));
  const ended = Promise.withResolvers<{ exitCode: number; milliseconds: number }>();
  child.once('error', ended.reject);
  child.once('exit', (code) =>
    ended.resolve({ exitCode: code ?? -1, milliseconds: performance.now() - start }),
  );
  const read = new Promise((resolve) => void child.once('close', resolve));
  const { exitCode, milliseconds } = await ended.promise;
  await read;
  if (!(options.accept ?? [0]).includes(exitCode)) {
    throw new Error(`weft ${args.join(' ')} ended with ${exitCode}: ${output.stderr}`);
  }
  return { stdout: output.stdout, exitCode, milliseconds };
}
