import { existsSync, readFileSync } from 'node:fs';
import { WeftError } from '../lib/errors.ts';

/** Throws what a lab needs and this machine lacks, with the way to get it. Exit code 3. */
export function checkMachine(): void {
  if (process.platform !== 'linux')
    throw lacks('Linux', 'labs are made of Linux network namespaces; run them in a VM');
  if (!isBuiltIn('nf_tables')) throw lacks('the kernel module nf_tables', 'modprobe nf_tables');
  if (!isBuiltIn('vxlan')) throw lacks('the kernel module vxlan', 'modprobe vxlan');
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
