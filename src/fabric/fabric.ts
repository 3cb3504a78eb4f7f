import { WeftError } from '../lib/errors.ts';
import type { NetworkNamespaces } from '../kernel/netns/port.ts';
import type { NamespaceState, RouteFailure, RouteNetlink } from '../kernel/route/port.ts';
import type { Sysctl } from '../kernel/sysctl/port.ts';
import type { Fabric, Machine } from '../model/fabric/machines.ts';
import { diffNamespace, emptyNamespace, restrictTo } from '../plan/links/diff.ts';
import { fabricNamespaces, segmentNetns } from '../plan/links/fabric.ts';
import { isAgentLink } from '../plan/links/node.ts';
import { labSysctls, machineSysctls } from '../plan/sysctls.ts';

/** Executes fabrics: namespaces, switches, cables, addresses and routes of everything around the pods. */
export interface FabricExecutor {
  /** Makes the world look like this; cost proportional to what changed. Throws `fabric-failed`. */
  apply(fabric: Fabric): void;
}

export interface FabricKernel {
  readonly namespaces: NetworkNamespaces;
  readonly route: RouteNetlink;
  readonly sysctl: Sysctl;
}

export function createFabric({ namespaces, route, sysctl }: FabricKernel): FabricExecutor {
  const programmed = new Map<string, NamespaceState>();

  const stateOf = (netns: string): NamespaceState => {
    const known = programmed.get(netns);
    if (known !== undefined) return known;
    try {
      namespaces.create(netns);
      return emptyNamespace;
    } catch (error) {
      if (!(error instanceof WeftError && error.code === 'netns-exists')) throw error;
      // What an earlier process made; links of the agents in a node's namespace are not the fabric's.
      return restrictTo(route.dump(netns), (link) => !isAgentLink(link));
    }
  };

  return {
    apply(fabric) {
      const desired = fabricNamespaces(fabric);
      const current = new Map([...desired.keys()].map((netns) => [netns, stateOf(netns)]));
      for (const netns of current.keys()) if (!programmed.has(netns)) sysctl.write(netns, labSysctls);
      for (const { name } of fabric.segments) letSwitchSwitch(sysctl, segmentNetns(name));
      for (const machine of fabric.machines) if (!programmed.has(machine.netns)) configure(sysctl, machine);
      for (const [netns, state] of desired) {
        throwOn(route.apply(netns, diffNamespace(current.get(netns) ?? emptyNamespace, state)), netns);
        programmed.set(netns, state);
      }
      for (const netns of [...programmed.keys()].filter((known) => !desired.has(known))) {
        route.forget(netns);
        namespaces.delete(netns);
        programmed.delete(netns);
      }
    },
  };
}

/** A switch must not run its frames through the machine's packet filter; the key is there only with br_netfilter. */
function letSwitchSwitch(sysctl: Sysctl, netns: string): void {
  const key = 'net.bridge.bridge-nf-call-iptables';
  if (sysctl.read(netns, key) !== undefined) sysctl.write(netns, { [key]: '0' });
}

function configure(sysctl: Sysctl, machine: Machine): void {
  sysctl.write(machine.netns, machineSysctls(machine));
}

function throwOn(failures: readonly RouteFailure[], netns: string): void {
  const first = failures[0];
  if (first === undefined) return;
  throw new WeftError(
    'fabric-failed',
    `${netns}: ${first.operation.action}: ${first.code} ${first.message}`,
    {
      fault: 'environment',
    },
  );
}
