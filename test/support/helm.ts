import { execFile, spawnSync } from 'node:child_process';
import type { Result } from './kubectl.ts';

/** The program of the variable HELM, else of the PATH. */
const program = process.env['HELM'] ?? 'helm';

/** Why tests with the real helm are skipped; false where one of version 3 is there. */
export function helmProblem(): string | false {
  const { status, stdout } = spawnSync(program, ['version', '--short'], { encoding: 'utf8' });
  if (status !== 0) return 'helm is absent: it is on no PATH, and HELM names none';
  return stdout.startsWith('v3.') ? false : `helm ${stdout.trim()} is not version 3`;
}

/** Runs helm to its end. */
export function runHelm(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Result> {
  return new Promise((resolve) => {
    execFile(program, args, { env, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
    );
  });
}
