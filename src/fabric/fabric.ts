import type { Clock } from '../lib/clock.ts';
import { WeftError } from '../lib/errors.ts';
import { inTurns } from '../lib/in-turns.ts';
import type { NetworkNamespaces } from '../kernel/netns/port.ts';
import type { Nftables } from '../kernel/nft/port.ts';
import type { NamespaceState, RouteFailure, RouteNetlink } from '../kernel/route/port.ts';
import type { Sysctl } from '../kernel/sysctl/port.ts';
import { machineNetns, segmentNetns } from '../model/fabric/default-fabric.ts';
import type { Fabric } from '../model/fabric/machines.ts';
import { diffNamespace, emptyNamespace } from '../plan/links/diff.ts';
import { fabricNamespaces } from '../plan/links/fabric.ts';
import { leftBehind, ownPart } from './adoption.ts';
import { createNetworksTable } from './networks-table.ts';
import { createSettings } from './settings.ts';
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
  const settings = createSettings(sysctl);
  let isFirst = true;

  let last: Fabric = { families: [], segments: [], machines: [] };

  const stateOf = (netns: string, desired: NamespaceState): NamespaceState => {
    const known = programmed.get(netns);
    if (known !== undefined) return known;
    try {
      namespaces.create(netns);
      settings.forget(netns);
      if (netns === machineNetns.networks) networksTable.forget();
      return emptyNamespace;
    } catch (error) {
      if (!(error instanceof WeftError && error.code === 'netns-exists')) throw error;
      return ownPart(netns, route.dump(netns), desired);
    }
  };

  const forget = (netns: string): void => {
    if (netns === machineNetns.networks) networksTable.forget();
    route.forget(netns);
    translation.forget(netns);
    settings.forget(netns);
    namespaces.delete(netns);
    programmed.delete(netns);
  };

  /**
   * Cables that are no longer wanted at their switch go before others are plugged in: a machine whose segment is another one now
   * has an interface of the same name at the new one.
   */
  const pullOut = (desired: ReadonlyMap<string, NamespaceState>): number => {
    let changes = 0;
    const known = isFirst ? namespaces.list() : [...programmed.keys()];
    for (const netns of known.filter((name) => name.startsWith(segmentNetns('')))) {
      const wanted = desired.get(netns) ?? emptyNamespace;
      const state = programmed.get(netns) ?? ownPart(netns, route.dump(netns), wanted);
      const gone = [...state.links.values()].filter(
        ({ name, kind }) => kind !== 'bridge' && !wanted.links.has(name),
      );
      if (gone.length === 0) continue;
      // One that is gone already, by its other end, is as good; one that stays is told when its name is taken.
      route.apply(
        netns,
        gone.map(({ name }) => ({ action: 'delete-link', name })),
      );
      changes += gone.length;
      const links = new Map([...state.links].filter(([name]) => !gone.some((link) => link.name === name)));
      if (programmed.has(netns)) programmed.set(netns, { ...state, links });
      // What the machine had on its end is gone too: it is looked at again.
      for (const link of gone)
        if (link.kind === 'veth' && desired.has(link.peer.namespace)) programmed.delete(link.peer.namespace);
    }
    return changes;
  };

  /** Steps of its execution, each with how many things it changed. */
  function* execution(fabric: Fabric): Generator<number> {
    last = fabric;
    const desired = fabricNamespaces(fabric);
    const current = new Map<string, NamespaceState>();
    yield pullOut(desired);
    for (const [netns, state] of desired) {
      current.set(netns, stateOf(netns, state));
      yield 0;
    }
    for (const { name } of fabric.segments) {
      settings.ofSwitch(name);
      yield 0;
    }
    for (const machine of fabric.machines) {
      settings.ofMachine(machine, fabric.families);
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
    for (const netns of stale) if (!desired.has(netns)) forget(netns);
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
      settings.forget();
      translation.distrust();
      const changes = apply(last);
      return last.networks === undefined ? changes : changes + networksTable.repair();
    },
  };
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
