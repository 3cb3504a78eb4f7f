import { runInForeground } from './foreground.ts';

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
 * Runs a program in a network namespace until it ends, and returns its exit code as `runInForeground`. Throws
 * `program-missing` when nsenter or unshare (util-linux) are not installed.
 */
export function runInside(options: InsideOptions): Promise<number> {
  const { netns, resolvConf, command, env, stdio } = options;
  const inNamespaces = [`--net=${netns}`, 'unshare', '--mount', '--propagation', 'private'];
  const args = [...inNamespaces, 'sh', '-c', script, 'weft', resolvConf, ...command];
  return runInForeground({
    command: enter,
    args,
    env,
    fromPackage: 'util-linux',
    ...(stdio !== undefined && { stdio }),
  });
}
