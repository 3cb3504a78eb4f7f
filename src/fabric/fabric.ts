import { WeftError } from '../lib/errors.ts';
import type { NetworkNamespaces } from '../kernel/netns/port.ts';
import type { NamespaceState, RouteFailure, RouteNetlink } from '../kernel/route/port.ts';
import type { Sysctl } from '../kernel/sysctl/port.ts';
import type { Fabric, Machine } from '../model/fabric/machines.ts';
import { diffNamespace, emptyNamespace, restrictTo } from '../plan/links/diff.ts';
import { fabricNamespaces, segmentNetns } from '../plan/links/fabric.ts';
import { isAgentLink } from '../plan/links/node.ts';

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
      for (const netns of current.keys()) if (!programmed.has(netns)) quieten(sysctl, netns);
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

/** One family per lab for now: without this every link would solicit and advertise IPv6. */
function quieten(sysctl: Sysctl, netns: string): void {
  sysctl.write(netns, { 'net.ipv6.conf.all.disable_ipv6': '1', 'net.ipv6.conf.default.disable_ipv6': '1' });
}

/** A switch must not run its frames through the machine's packet filter; the key is there only with br_netfilter. */
function letSwitchSwitch(sysctl: Sysctl, netns: string): void {
  const key = 'net.bridge.bridge-nf-call-iptables';
  if (sysctl.read(netns, key) !== undefined) sysctl.write(netns, { [key]: '0' });
}

function configure(sysctl: Sysctl, machine: Machine): void {
  sysctl.write(machine.netns, {
    'net.ipv4.ip_forward': machine.forwards === true ? '1' : '0',
    // Set because namespaces copy these from the host. Answers may come back by another interface.
    'net.ipv4.conf.all.rp_filter': '0',
    'net.ipv4.conf.default.rp_filter': '0',
    // The internet machine sends from addresses that it does not own.
    'net.ipv4.ip_nonlocal_bind': machine.answersForAll === true ? '1' : '0',
  });
}

function throwOn(failures: readonly RouteFailure[], netns: string): void {
  const first = failures[0];
  if (first === undefined) return;
  throw new WeftError('fabric-failed', `${netns}: ${first.operation.action}: ${first.code} ${first.message}`, {
    fault: 'environment',
  });
}
