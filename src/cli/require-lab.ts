import type { CliEnvironment } from './environment.ts';

/** Throws `lab-missing` where there is no such lab. */
export async function requireLab(env: CliEnvironment, name: string): Promise<void> {
  const connection = await env.connect(name);
  await connection.close();
}
