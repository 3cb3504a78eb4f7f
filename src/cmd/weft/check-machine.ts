import { existsSync, readFileSync } from 'node:fs';
import { checkPrivileges } from '../../doctor/privileges.ts';
import { runProgram } from '../../drivers/program/run-program.ts';
import { enterNamespaces } from '../../lab/namespaces.ts';
import { WeftError } from '../../lib/errors.ts';
import { labsRunAsRoot } from './privilege.ts';

/**
 * Throws what a lab needs and this machine lacks, with the way to get it: what can be seen in a few milliseconds, before
 * anything is started. `weft doctor` looks at the rest.
 */
export async function checkMachine(): Promise<void> {
  if (process.platform !== 'linux')
    throw lacks('Linux', 'labs are made of Linux network namespaces; run them in a VM');
  const isRoot = labsRunAsRoot();
  const privileges = checkPrivileges({ isRoot, read: readIfThere });
  if (privileges.remedy !== undefined) throw lacks(`privileges: ${privileges.found}`, privileges.remedy.hint);
  if (!isBuiltIn('nf_tables')) throw lacks('the kernel module nf_tables', 'modprobe nf_tables');
  if (!isBuiltIn('vxlan')) throw lacks('the kernel module vxlan', 'modprobe vxlan');
  if (!isRoot) await requireUserNamespaces();
}

/** Seccomp filters and security modules forbid them without a setting that says so. */
async function requireUserNamespaces(): Promise<void> {
  const [command, ...args] = enterNamespaces(undefined, true);
  const ended = await runProgram(command, [...args, 'true']);
  if (ended === undefined) throw lacks(command, 'install the package util-linux');
  if (ended.code === 0) return;
  throw lacks(`user namespaces for users: ${ended.err.trim()}`, 'use sudo, or allow them');
}

function readIfThere(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** Whether the module is loaded, built in, or can be loaded on demand by the kernel itself. */
function isBuiltIn(module: string): boolean {
  if (existsSync(`/sys/module/${module}`)) return true;
  const release = readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim();
  const list = `/lib/modules/${release}/modules`;
  // A kernel without module lists has everything it will ever have: the first use tells.
  if (!existsSync(`${list}.builtin`)) return true;
  const mentions = (file: string): boolean =>
    existsSync(file) && new RegExp(`/${module}\\.ko`).test(readFileSync(file, 'utf8'));
  return mentions(`${list}.builtin`) || mentions(`${list}.dep`);
}

function lacks(what: string, hint: string): WeftError {
  return new WeftError('machine-lacks', `this machine lacks ${what}`, { fault: 'environment', hint });
}
