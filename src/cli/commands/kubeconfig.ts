import { readFile } from 'node:fs/promises';
import type { CliEnvironment, ExitCode } from '../environment.ts';
import { requireLab } from '../require-lab.ts';

/** `weft kubeconfig`: for `kubectl` and everything else that speaks to Kubernetes. */
export async function kubeconfig(
  env: CliEnvironment,
  options: { name: string; path: boolean },
): Promise<ExitCode> {
  await requireLab(env, options.name);
  const path = env.labs.paths(options.name).kubeconfig;
  env.out(options.path ? `${path}\n` : await readFile(path, 'utf8'));
  return 0;
}
