import type { Family } from '../lib/address.ts';
import type { Clock } from '../lib/clock.ts';
import { WeftError } from '../lib/errors.ts';
import { inTurns } from '../lib/in-turns.ts';
import type { NetworkNamespaces } from '../kernel/netns/port.ts';
import type { Nftables } from '../kernel/nft/port.ts';
import type { NamespaceState, Route, RouteFailure, RouteNetlink } from '../kernel/route/port.ts';
import type { Sysctl } from '../kernel/sysctl/port.ts';
import { machineNetns, segmentNetns } from '../model/fabric/default-fabric.ts';
import type { Fabric, Machine } from '../model/fabric/machines.ts';
import { dhcpNetns, hostNetns } from '../model/fabric/layer2/world.ts';
import { virtualMachineNetns } from '../model/fabric/network/machine-interfaces.ts';
import { diffNamespace, emptyNamespace, restrictTo } from '../plan/links/diff.ts';
import { fabricNamespaces } from '../plan/links/fabric.ts';
import { isAgentLink, nodeLink } from '../plan/links/node.ts';
import { isUplink } from '../plan/links/uplink.ts';
import { firstFrameKey, framesAlone, labSysctls, machineSysctls } from '../plan/sysctls.ts';
import { createNetworksTable } from './networks-table.ts';
import { createTranslation } from './translation.ts';

/** Executes fabrics: namespaces, switches, cables, addresses and routes of everything around the pods. */
export interface FabricExecutor {
  /** Makes the world look like this; cost proportional to what changed. Throws `fabric-failed`. */
  apply(fabric: Fabric): void;
  /** The same in several turns of the event loop, for a world that is not there yet. To be awaited before any other call. */
  build(fabric: Fabric): Promise<void>;
  /** Compares the kernel with what was applied last, and mends the difference. Returns how many things differed. */
  repair(): number;
  /** Pins of the namespaces that it is in now. */
  namespaces(): readonly string[];
}

export interface FabricKernel {
  readonly namespaces: NetworkNamespaces;
  readonly route: RouteNetlink;
  readonly sysctl: Sysctl;
  readonly nft: Nftables;
  readonly clock: Clock;
}

export function createFabric({ namespaces, route, sysctl, nft, clock }: FabricKernel): FabricExecutor {
  const programmed = new Map<string, NamespaceState>();
  const networksTable = createNetworksTable(nft);
  const translation = createTranslation(nft);
  let isFirst = true;

  let last: Fabric = { families: [], segments: [], machines: [] };

  const stateOf = (netns: string, desired: NamespaceState): NamespaceState => {
    const known = programmed.get(netns);
    if (known !== undefined) return known;
    try {
      namespaces.create(netns);
      if (netns === machineNetns.networks) networksTable.forget();
      return emptyNamespace;
    } catch (error) {
      if (!(error instanceof WeftError && error.code === 'netns-exists')) throw error;
      return ownPart(netns, route.dump(netns), desired);
    }
  };

  /** Settings as written, by pin: a machine may come to forward. */
  const settings = new Map<string, string>();
  const configure = (machine: Machine, families: readonly Family[]): void => {
    const values = { ...labSysctls(families), ...machineSysctls(machine, families) };
    const text = JSON.stringify(values);
    if (programmed.has(machine.netns) && settings.get(machine.netns) === text) return;
    sysctl.write(machine.netns, values);
    settings.set(machine.netns, text);
  };

  /** Steps of its execution, each with how many things it changed. */
  function* execution(fabric: Fabric): Generator<number> {
    last = fabric;
    const desired = fabricNamespaces(fabric);
    const current = new Map<string, NamespaceState>();
    for (const [netns, state] of desired) {
      current.set(netns, stateOf(netns, state));
      yield 0;
    }
    for (const { name } of fabric.segments) {
      configureSwitch(sysctl, segmentNetns(name));
      yield 0;
    }
    for (const machine of fabric.machines) {
      configure(machine, fabric.families);
      yield 0;
    }
    // Before there are links: what the table does not know does not pass.
    if (fabric.networks !== undefined) yield networksTable.apply(fabric.networks);
    for (const [netns, state] of desired) {
      const operations = diffNamespace(current.get(netns) ?? emptyNamespace, state);
      throwOn(route.apply(netns, operations), netns);
      programmed.set(netns, state);
      yield operations.length;
    }
    yield translation.apply(fabric.machines);
    const stale = new Set([...programmed.keys(), ...(isFirst ? leftBehind(namespaces.list()) : [])]);
    isFirst = false;
    for (const netns of [...stale].filter((known) => !desired.has(known))) {
      if (netns === machineNetns.networks) networksTable.forget();
      route.forget(netns);
      translation.forget(netns);
      settings.delete(netns);
      namespaces.delete(netns);
      programmed.delete(netns);
    }
  }

  const apply = (fabric: Fabric): number => {
    let changes = 0;
    for (const changed of execution(fabric)) changes += changed;
    return changes;
  };

  return {
    apply: (fabric) => void apply(fabric),
    build: (fabric) => inTurns(execution(fabric), clock),
    namespaces: () => [...programmed.keys()],
    repair() {
      // As if an earlier process had made it.
      programmed.clear();
      translation.distrust();
      const changes = apply(last);
      return last.networks === undefined ? changes : changes + networksTable.repair();
    },
  };
}

/** Namespaces that an earlier process may have made for what is gone since. */
function leftBehind(netns: readonly string[]): string[] {
  const prefixes = [segmentNetns(''), virtualMachineNetns(''), hostNetns(''), dhcpNetns({ key: '' })];
  return netns.filter((name) => prefixes.some((prefix) => name.startsWith(prefix)));
}

/**
 * The fabric's part of a namespace that is there already: all of the one that forwards between networks. In a node's
 * namespace the agents have links, and routes on the fabric's links too: of routes only those can be told to be the
 * fabric's that it wants now. Other clusters have cables in a switch.
 */
function ownPart(netns: string, actual: NamespaceState, desired: NamespaceState): NamespaceState {
  if (netns === machineNetns.networks) return actual;
  const found = restrictTo(actual, (link) => !isAgentLink(link) && !isUplink(link));
  const destinations = new Set(desired.routes.map(({ destination }) => destination));
  // On a node's further interfaces nobody else has routes.
  const isOwn = ({ destination, link }: Route): boolean =>
    destinations.has(destination) ||
    (desired.links.has(link) && link !== nodeLink && desired.links.has(nodeLink));
  return { ...found, routes: found.routes.filter(isOwn) };
}

/** A switch has no addresses of its own and must not run its frames through the machine's packet filter. */
function configureSwitch(sysctl: Sysctl, netns: string): void {
  sysctl.write(netns, labSysctls([]));
  if (sysctl.read(netns, firstFrameKey) !== undefined) sysctl.write(netns, framesAlone);
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
