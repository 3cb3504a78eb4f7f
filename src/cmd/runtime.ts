import { join } from 'node:path';

/** Of Node, for the long-running processes of a lab: they make much garbage, and a small nursery saves up to 100 MB each. */
export const runtimeFlags: readonly string[] = ['--max-semi-space-size=6'];

/**
 * Processes of a lab load their modules in half the time with Node's compile cache, which `./weft` keeps beside the
 * modules; also those of a lab that is started some other way. An empty variable says that there shall be none. Node's
 * threads allocate so little that arenas of their own (mallopt(3)) only hold memory: about 10 MB each process.
 */
export function runtimeEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const compileCache = join(import.meta.dirname, '../../node_modules/.cache/compile');
  return { NODE_COMPILE_CACHE: compileCache, MALLOC_ARENA_MAX: '1', ...env };
}
