import { existsSync, readFileSync } from 'node:fs';
import { openLabs } from '../../src/cmd/weft/labs.ts';
import { applications } from '../lib/applications.ts';
import { weft } from '../lib/weft.ts';
import { countMachine, type Counts } from './counts.ts';

/** The kernel frees namespaces in the background. */
const settleMs = 300;

/**
 * One round of the soak: an application comes up and is proven, whole, by real packets; the lab goes. Returns what the
 * machine holds then. Throws when the lab does not work, or when anything of it is left.
 */
export async function soakRound(name: string): Promise<Counts> {
  const [application] = applications;
  if (application === undefined) throw new Error('there is no application to soak with');
  await weft(['up', '-f', application.path, '--wait', '--name', name]);
  try {
    await weft(['reach', '--live', '--name', name, '-o', 'json']);
  } finally {
    await weft(['down', '--name', name]);
  }
  await requireNothingLeft(name);
  await new Promise((resolve) => setTimeout(resolve, settleMs));
  return countMachine();
}

async function requireNothingLeft(name: string): Promise<void> {
  const { control } = openLabs();
  const { directory, lock } = control.paths(name);
  const processes = (await control.processes(name)).filter(({ pid }) => pid !== undefined);
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').includes(`${directory}/`);
  const left = [
    ...processes.map(({ role, pid }) => `${role} ${pid}`),
    ...[directory, lock].filter((path) => existsSync(path)),
    ...(mounts ? ['mounts'] : []),
  ];
  if (left.length > 0) throw new Error(`down left ${left.join(', ')}`);
}
