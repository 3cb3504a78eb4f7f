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

/** A session's first process that opens a terminal gets it as its controlling one (credentials(7)). */
const takeTerminal = 'exec <>/proc/self/fd/0 && ';

/** The command line of a program inside; `terminal` where its standard input is one that it is to control. */
export function insideCommand(
  { netns, resolvConf, command }: Pick<InsideOptions, 'netns' | 'resolvConf' | 'command'>,
  terminal = false,
): { readonly command: string; readonly args: readonly string[]; readonly fromPackage: string } {
  const inNamespaces = [`--net=${netns}`, 'unshare', '--mount', '--propagation', 'private'];
  const words = ['sh', '-c', terminal ? takeTerminal + script : script, 'weft', resolvConf, ...command];
  return { command: enter, args: [...inNamespaces, ...words], fromPackage: 'util-linux' };
}

/**
 * Runs a program in a network namespace until it ends, and returns its exit code as `runInForeground`. Throws
 * `program-missing` when nsenter or unshare (util-linux) are not installed.
 */
export function runInside(options: InsideOptions): Promise<number> {
  const { env, stdio } = options;
  return runInForeground({ ...insideCommand(options), env, ...(stdio !== undefined && { stdio }) });
}
