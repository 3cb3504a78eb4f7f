import { resources } from '../../api/resources.ts';
import type { Client } from '../../client/port.ts';
import { WeftError } from '../../lib/errors.ts';
import { controllerNames, type ControllerName } from '../controllers.ts';
import { leases } from '../../api/lease.ts';

/**
 * Which controllers to run on a cluster: those that were named, or else those that it does not have. Rejects with
 * `controllers-unknown` for a name there is not, and with `controllers-present` when none is left to run.
 */
export async function chooseControllers(
  client: Pick<Client, 'get'>,
  named: readonly string[] | undefined,
): Promise<readonly ControllerName[]> {
  if (named !== undefined) return namedControllers(named);
  const left = await absentControllers(client);
  if (left.length > 0) return left;
  throw new WeftError('controllers-present', 'the cluster has controllers and a scheduler of its own', {
    fault: 'input',
    hint: 'name those to run all the same with --controllers',
  });
}

/** Throws `controllers-unknown` for a name there is not. */
export function namedControllers(named: readonly string[]): readonly ControllerName[] {
  return named.map(known);
}

/**
 * The controllers that a cluster does not have: two programs that do the same would undo each other's work. One with
 * kube-controller-manager or kube-scheduler has their Leases, or shows what the manager does.
 */
export async function absentControllers(client: Pick<Client, 'get'>): Promise<readonly ControllerName[]> {
  const [isManaged, isManaging, hasScheduler] = await Promise.all([
    isHeld(client, 'kube-controller-manager'),
    hasForeignAccount(client),
    isHeld(client, 'kube-scheduler'),
  ]);
  const hasManager = isManaged || isManaging;
  return controllerNames.filter((name) => !(name === 'scheduler' ? hasScheduler : hasManager));
}

async function isHeld(client: Pick<Client, 'get'>, name: string): Promise<boolean> {
  const lease = await client.get(leases, { namespace: 'kube-system', name });
  return (lease?.spec.holderIdentity ?? '') !== '';
}

/**
 * Whether somebody other than Weft gave `kube-system` its ServiceAccount: a manager that runs alone may hold no Lease,
 * but it does this before anything else.
 */
async function hasForeignAccount(client: Pick<Client, 'get'>): Promise<boolean> {
  const account = await client.get(resources.serviceaccounts, { namespace: 'kube-system', name: 'default' });
  if (account === undefined) return false;
  const managers = (account.metadata.managedFields ?? []) as readonly { readonly manager?: string }[];
  return !managers.some(({ manager = '' }) => manager.startsWith('weft'));
}

function known(name: string): ControllerName {
  const found = controllerNames.find((one) => one === name);
  if (found !== undefined) return found;
  throw new WeftError('controllers-unknown', `there is no controller "${name}"`, {
    fault: 'input',
    hint: `there are: ${controllerNames.join(', ')}`,
  });
}
