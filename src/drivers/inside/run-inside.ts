import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { WeftError } from '../../lib/errors.ts';

/** A program of this machine, and the network it is to see. */
export interface InsideOptions {
  /** File of the network namespace: a pin, or `/proc/PID/ns/net`. */
  readonly netns: string;
  /** Stands as /etc/resolv.conf for this program alone. */
  readonly resolvConf: string;
  /** The program and its arguments; found in PATH. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Descriptors of its input, output and errors; this process's own when absent. */
  readonly stdio?: readonly [input: number, output: number, errors: number];
}

/** Of util-linux. */
const enter = 'nsenter';

/**
 * In a mount namespace of its own, as `ip netns exec` does it (ip-netns(8)): the resolver's settings first, then the
 * program in the place of the shell. Paths and words are arguments, never parts of the script.
 */
const script = 'mount --bind "$1" /etc/resolv.conf && shift && exec "$@"';

/**
 * Runs a program in a network namespace until it ends, and returns its exit code: 128 and the signal's number when a
 * signal ended it, as shells count. Throws `program-missing` when nsenter or unshare (util-linux) are not installed.
 */
export function runInside(options: InsideOptions): Promise<number> {
  const { netns, resolvConf, command, env, stdio = [0, 1, 2] } = options;
  const inNamespaces = [`--net=${netns}`, 'unshare', '--mount', '--propagation', 'private'];
  const args = [...inNamespaces, 'sh', '-c', script, 'weft', resolvConf, ...command];
  return new Promise((resolve, reject) => {
    const child = spawn(enter, args, { env: { ...env }, stdio: [...stdio] });
    // A terminal sends these to the program too, which decides what becomes of both.
    const signals = ['SIGINT', 'SIGQUIT'] as const;
    const ignore = (): void => {};
    for (const signal of signals) process.on(signal, ignore);
    const end = (): void => {
      for (const signal of signals) process.off(signal, ignore);
    };
    child.once('error', (cause: NodeJS.ErrnoException) => {
      end();
      reject(failure(cause));
    });
    child.once('exit', (code, signal) => {
      end();
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

function failure(cause: NodeJS.ErrnoException): WeftError {
  const isMissing = cause.code === 'ENOENT';
  return new WeftError(
    isMissing ? 'program-missing' : 'program-failed',
    isMissing ? `${enter} is not installed` : `${enter} cannot be started: ${cause.message}`,
    { fault: 'environment', cause, ...(isMissing ? { hint: 'install the package util-linux' } : {}) },
  );
}
