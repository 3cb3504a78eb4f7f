import { messageOf } from '../lib/errors.ts';
import type { Finding } from './finding.ts';
import { checkLimits } from './limits.ts';
import { checkPlaces } from './places.ts';
import type { Machine } from './port.ts';
import { checkPrivileges, userNamespaceBan } from './privileges.ts';
import { checkPrograms } from './programs.ts';

/** Everything that this machine must have for labs, in the order in which one would mend it. Changes nothing. */
export async function diagnose(machine: Machine): Promise<Finding[]> {
  const before = [
    ...(await checkPrograms(machine)),
    checkPrivileges(machine),
    ...checkLimits(machine),
    ...(await checkPlaces(machine)),
  ];
  return [...before, ...(await checkKernel(machine))];
}

async function checkKernel(machine: Machine): Promise<readonly Finding[]> {
  try {
    return await machine.tryKernel();
  } catch (error) {
    return [
      {
        check: 'kernel',
        state: 'missing',
        found: `namespaces for the trials could not be made: ${messageOf(error)}`,
        remedy: userNamespaceBan(machine)?.remedy ?? {
          hint: machine.isRoot
            ? 'a container needs: --privileged, or CAP_SYS_ADMIN and CAP_NET_ADMIN without seccomp and AppArmor profiles'
            : 'use sudo, or allow user namespaces: in a container the seccomp profile forbids them',
        },
      },
    ];
  }
}
