import { badRequest } from '../status.ts';
import { flagOf } from '../verbs/query.ts';

/** Which of a program's streams a client wants. */
export interface ExecStreams {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** As core/v1 PodExecOptions have them: a terminal has no stderr. Throws 400 for a client that wants none. */
export function streamsWanted(query: URLSearchParams): ExecStreams {
  const tty = flagOf(query, 'tty');
  const wanted = {
    stdin: flagOf(query, 'stdin'),
    stdout: flagOf(query, 'stdout'),
    stderr: flagOf(query, 'stderr') && !tty,
    tty,
  };
  if (!wanted.stdin && !wanted.stdout && !wanted.stderr)
    throw badRequest('you must specify at least 1 of stdin, stdout, stderr');
  return wanted;
}
