import { join } from 'node:path';
import type { LabPaths } from '../../lab/paths.ts';
import type { RunProgram } from '../../workload/streams/port.ts';

/** What a program finds in its environment; nothing of this process's own is its business. */
const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Runs programs of this machine in the network of a pod, as this process's user. */
export function programRunner(paths: LabPaths): RunProgram {
  return async ({ netns, uid, host, command, terminal }) => {
    const [{ startInside }, { openPty, resizePty }] = await Promise.all([
      import('../../drivers/inside/session.ts'),
      import('../../kernel/pty/pty.ts'),
    ]);
    const pty = terminal ? openPty() : undefined;
    return startInside({
      netns: join(paths.namespaces, netns),
      resolvConf: paths.resolvConf(uid),
      command,
      env: { PATH: searchPath, HOME: '/root', HOSTNAME: host, ...(terminal && { TERM: 'xterm' }) },
      ...(pty !== undefined && {
        terminal: { ...pty, resize: (columns, rows) => resizePty(pty.master, { columns, rows }) },
      }),
    });
  };
}
