import { backUpLab, restoreLab } from '../../lab/backup-file.ts';
import { createProgress } from '../progress.ts';
import type { CliEnvironment, ExitCode } from '../environment.ts';
import { requireLab } from '../require-lab.ts';

export interface BackupOptions {
  readonly name: string;
  readonly file: string;
}

/** `weft apiserver backup`: everything that the API server of a lab holds, in one file. */
export async function backup(env: CliEnvironment, { name, file }: BackupOptions): Promise<ExitCode> {
  await requireLab(env, name);
  await createProgress(env).phase(
    'backing up',
    () => backUpLab(env.labs.paths(name), file),
    ({ objects, bytes }) => `${objects} objects, ${Math.ceil(bytes / 1024)} kB`,
  );
  return 0;
}

/** `weft apiserver restore`: the lab holds what it held then, while it runs. */
export async function restore(env: CliEnvironment, { name, file }: BackupOptions): Promise<ExitCode> {
  await requireLab(env, name);
  await createProgress(env).phase(
    'restoring',
    () => restoreLab(env.labs.paths(name), file),
    ({ added, changed, removed }) => `${added} added, ${changed} changed, ${removed} removed`,
  );
  return 0;
}
