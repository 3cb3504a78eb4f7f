import { join } from 'node:path';
import type { RoleName } from '../lab/process-file.ts';

/**
 * Of Node, for a long-running process of a lab. Such a process makes much garbage, and a small nursery saves up to 100 MB.
 * The agents' is larger: while they take in some thousand Services all that they read is kept, and a small one copies it
 * time and again, which cost a quarter of their restart.
 */
export function runtimeFlags(role: RoleName): readonly string[] {
  return [`--max-semi-space-size=${role === 'agents' ? 16 : 6}`];
}

/**
 * Processes of a lab load their modules in half the time with Node's compile cache, which `./weft` keeps beside the
 * modules; also those of a lab that is started some other way. An empty variable says that there shall be none. Node's
 * threads allocate so little that arenas of their own (mallopt(3)) only hold memory: about 10 MB each process.
 */
export function runtimeEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const compileCache = join(import.meta.dirname, '../../node_modules/.cache/compile');
  return { NODE_COMPILE_CACHE: compileCache, MALLOC_ARENA_MAX: '1', ...env };
}
