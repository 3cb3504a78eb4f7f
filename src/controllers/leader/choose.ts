import type { Client } from '../../client/port.ts';
import { WeftError } from '../../lib/errors.ts';
import { controllerNames, type ControllerName } from '../controllers.ts';
import { leases } from './lease.ts';

/**
 * Which controllers to run on a cluster: those that were named, or else those that it does not have. A cluster with
 * kube-controller-manager or kube-scheduler has their Leases, and two programs that do the same would undo each
 * other's work. Rejects with `controllers-unknown` for a name there is not, and with `controllers-present` when none
 * is left to run.
 */
export async function chooseControllers(
  client: Pick<Client, 'get'>,
  named: readonly string[] | undefined,
): Promise<readonly ControllerName[]> {
  if (named !== undefined) return named.map(known);
  const [hasManager, hasScheduler] = await Promise.all([
    isHeld(client, 'kube-controller-manager'),
    isHeld(client, 'kube-scheduler'),
  ]);
  const left = controllerNames.filter((name) => !(name === 'scheduler' ? hasScheduler : hasManager));
  if (left.length > 0) return left;
  throw new WeftError('controllers-present', 'the cluster has controllers and a scheduler of its own', {
    fault: 'input',
    hint: 'name those to run all the same with --controllers',
  });
}

async function isHeld(client: Pick<Client, 'get'>, name: string): Promise<boolean> {
  const lease = await client.get(leases, { namespace: 'kube-system', name });
  return (lease?.spec.holderIdentity ?? '') !== '';
}

function known(name: string): ControllerName {
  const found = controllerNames.find((one) => one === name);
  if (found !== undefined) return found;
  throw new WeftError('controllers-unknown', `there is no controller "${name}"`, {
    fault: 'input',
    hint: `there are: ${controllerNames.join(', ')}`,
  });
}
