import { join } from 'node:path';
import type { RoleName } from '../lab/process-file.ts';

/**
 * Of Node, for a long-running process of a lab. Such a process makes much garbage, and a small nursery saves up to 100 MB.
 * The agents' is a little larger: while they take in some thousand Services all that they read is kept, and a small one
 * copies it time and again. One thread empties it: with five processes on a core or two, others that help are waited for
 * longer than they help. No module is behind a symbolic link, and to look for some on the way to each takes Node 20 ms.
 */
export function runtimeFlags(role: RoleName): readonly string[] {
  return [
    '--preserve-symlinks',
    '--preserve-symlinks-main',
    `--max-semi-space-size=${role === 'agents' ? 8 : 6}`,
    '--no-parallel-scavenge',
  ];
}

/** The command that is such a process, but for the lab's directory. */
export function roleCommand(role: RoleName): [command: string, ...args: string[]] {
  return [process.execPath, ...runtimeFlags(role), join(import.meta.dirname, `${role}.ts`)];
}

/**
 * Processes of a lab load their modules in half the time with Node's compile cache, which `./weft` keeps beside the
 * modules; also those of a lab that is started some other way. An empty variable says that there shall be none. Node's
 * threads allocate so little that arenas of their own (mallopt(3)) only hold memory: about 10 MB each process. So do holes
 * that pages of lists and batches for the kernel leave behind: what is large is given back when it is freed, at any time,
 * which glibc otherwise stops doing after the first.
 */
export function runtimeEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const compileCache = join(import.meta.dirname, '../../node_modules/.cache/compile');
  const malloc = {
    MALLOC_ARENA_MAX: '1',
    MALLOC_MMAP_THRESHOLD_: largeBytes,
    MALLOC_TRIM_THRESHOLD_: largeBytes,
  };
  return { NODE_COMPILE_CACHE: compileCache, ...malloc, ...env };
}

/** glibc's own threshold, before it begins to move it. */
const largeBytes = String(128 * 1024);
