import type { Pod } from '../api/types/core.ts';
import type { Nftables, NftElement } from '../kernel/nft/port.ts';
import type { Clock } from '../lib/clock.ts';
import { messageOf, WeftError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { Family } from '../lib/address.ts';
import { everyNodeAddress, type NodePlace } from '../model/network/topology.ts';
import { workloadOf, workloadText } from '../model/workloads/workload-of.ts';
import type { FlowReport, ObservedFlow } from '../model/flows/observed-flow.ts';
import { flowSets, flowSetType, flowSkeleton, flowTables, mostFlowsInSet } from '../plan/flows/skeleton.ts';
import { createManagedTable, type ManagedTable } from '../reconcile/nft-table.ts';

/** Records, while somebody wants it, which connections the policies of all nodes let through. */
export interface FlowLog {
  /** Records from now on, and forgets what was recorded before; or ends that and takes away what it needed. */
  record(isWanted: boolean): void;
  /** A node that there is from now on. What an earlier process records there goes on. */
  join(node: FlowNode): void;
  leave(name: string): void;
  /** Everything so far. */
  report(): FlowReport;
  stop(): void;
}

/** Where flows are recorded. */
interface FlowNode {
  readonly name: string;
  readonly netns: string;
  readonly families: readonly Family[];
}

export interface FlowLogOptions {
  readonly nft: Nftables;
  /** Who has an address now: pods by their keys, and nodes. */
  readonly podAt: ReadonlyMap<string, string>;
  readonly pods: { get(key: string): Pod | undefined };
  readonly places: ReadonlyMap<string, NodePlace>;
  readonly clock: Clock;
  readonly log: Log;
  /** By which links of its node a pod is spoken with, as nftables matches names. */
  readonly podLinks: string;
}

/** Soon enough that an address still is whose it was: no pod gets one that was another's a second ago. */
const lookEveryMs = 1000;
/** Flows are told apart by workloads, not by pods: only addresses outside the cluster can be so many. */
const mostFlows = 10_000;

interface Recorder {
  readonly netns: string;
  readonly family: Family;
  readonly table: ManagedTable;
}

export function createFlowLog({ nft, clock, log, podLinks, ...directory }: FlowLogOptions): FlowLog {
  const nodes = new Map<string, FlowNode>();
  const recorders = new Map<string, readonly Recorder[]>();
  const flows = new Map<string, ObservedFlow>();
  let since: number | undefined;
  let lost = 0;
  let cancel = (): void => {};

  const recordersOf = ({ netns, families }: FlowNode): Recorder[] =>
    families.map((family) => ({
      netns,
      family,
      table: createManagedTable({
        nft,
        netns,
        table: flowTables[family],
        types: {},
        skeleton: flowSkeleton({ family, podLinks }),
        sets: () => [],
      }),
    }));

  const begin = (node: FlowNode): void => {
    const made = recordersOf(node);
    for (const { table } of made) table.start();
    recorders.set(node.name, made);
  };

  const isRecordedBefore = ({ netns, families }: FlowNode): boolean =>
    families.some((family) => {
      const { family: word, table } = flowTables[family];
      return nft.tables(netns, word).includes(table);
    });

  const add = (element: NftElement, set: (typeof flowSets)[number], ends: Ends): void => {
    const [source, destination, protocol, port] = element.key;
    const names = { source: ends(String(source)), destination: ends(String(destination)) };
    const key = [names.source, names.destination, protocol, port].join(' ');
    const known = flows.get(key);
    const now = new Date(clock.now()).toISOString();
    if (known === undefined && flows.size >= mostFlows) lost += 1;
    else
      flows.set(key, {
        ...names,
        protocol: protocolOf(String(protocol)),
        port: Number(port),
        sent: known?.sent === true || set === 'sent',
        received: known?.received === true || set === 'received',
        first: known?.first ?? now,
        last: now,
      });
  };

  /** Takes what packets have put into the sets since the last look. */
  const take = ({ netns, family, table }: Recorder, ends: Ends): void => {
    const type = flowSetType(family);
    for (const set of flowSets) {
      const name = { ...flowTables[family], set };
      try {
        const elements = nft.elements(netns, name, type);
        if (elements.length === 0) continue;
        for (const element of elements) add(element, set, ends);
        if (elements.length >= mostFlowsInSet) lost += 1;
        nft.change(
          netns,
          elements.map((element) => ({ ...name, action: 'delete', type, element }) as const),
        );
      } catch (error) {
        // Somebody else touched the table.
        if (!(error instanceof WeftError && ['nft-missing', 'nft-conflict'].includes(error.code)))
          throw error;
        lost += table.repair();
      }
    }
  };

  const look = (): void => {
    const ends = endsOf(directory);
    for (const one of [...recorders.values()].flat()) take(one, ends);
  };

  const lookRegularly = (): void => {
    cancel = clock.after(lookEveryMs, () => {
      try {
        look();
      } catch (error) {
        log.error({ error: messageOf(error) }, 'flows could not be read');
      }
      lookRegularly();
    });
  };

  const run = (): void => {
    since = clock.now();
    cancel();
    lookRegularly();
  };

  return {
    record(isWanted) {
      cancel();
      for (const { table } of [...recorders.values()].flat()) table.cleanup();
      recorders.clear();
      flows.clear();
      lost = 0;
      since = undefined;
      if (!isWanted) return;
      for (const node of nodes.values()) begin(node);
      run();
    },
    join(node) {
      nodes.set(node.name, node);
      if (since === undefined && !isRecordedBefore(node)) return;
      begin(node);
      if (since === undefined) run();
    },
    leave(name) {
      nodes.delete(name);
      for (const { table } of recorders.get(name) ?? []) table.cleanup();
      recorders.delete(name);
    },
    report() {
      look();
      const sorted = [...flows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, flow]) => flow);
      return { since: since === undefined ? null : new Date(since).toISOString(), flows: sorted, lost };
    },
    stop() {
      cancel();
    },
  };
}

type Ends = (address: string) => string;

/** Who has an address, as a flow names it. */
function endsOf({ podAt, pods, places }: Pick<FlowLogOptions, 'podAt' | 'pods' | 'places'>): Ends {
  let nodeAt: Map<string, string> | undefined;
  return (address) => {
    const pod = pods.get(podAt.get(address) ?? '');
    if (pod !== undefined) return workloadText(workloadOf(pod));
    nodeAt ??= nodesByAddress(places);
    const node = nodeAt.get(address);
    return node === undefined ? address : `node:${node}`;
  };
}

function nodesByAddress(places: ReadonlyMap<string, NodePlace>): Map<string, string> {
  const found = new Map<string, string>();
  for (const place of places.values()) {
    for (const address of everyNodeAddress(place)) found.set(address, place.name);
  }
  return found;
}

const protocolOf = (word: string): ObservedFlow['protocol'] =>
  word === 'tcp' ? 'TCP' : word === 'udp' ? 'UDP' : 'SCTP';
