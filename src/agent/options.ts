import type { Node, Pod } from '../api/types/core.ts';
import type { Client } from '../client/port.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Conntrack } from '../kernel/conntrack/port.ts';
import type { DriftWatch } from '../kernel/drift/port.ts';
import type { Frames } from '../kernel/frames/port.ts';
import type { PacketLog } from '../kernel/nft/log-port.ts';
import type { Nftables } from '../kernel/nft/port.ts';
import type { NetworkNamespaces } from '../kernel/netns/port.ts';
import type { RouteNetlink } from '../kernel/route/port.ts';
import type { Sysctl } from '../kernel/sysctl/port.ts';
import type { NetworkConfig } from '../model/network/config.ts';
import type { Inside } from '../workload/streams/inside.ts';
import type { CniOptions } from './cni/cni-nodes.ts';
import type { ClusterView } from './cluster-view.ts';
import type { DomainJournal } from './domains/journal.ts';
import type { Layer2Options } from './layer2/layer2.ts';
import type { PodSettings, Serving } from './pods/pod-life.ts';

/** The kernel, as the agents use it. */
export interface AgentKernel {
  readonly namespaces: NetworkNamespaces;
  readonly nft: Nftables;
  readonly route: RouteNetlink;
  readonly sysctl: Sysctl;
  readonly conntrack: Conntrack;
  readonly packetLog: PacketLog;
  readonly drift: DriftWatch;
  /** As `uname -r` says it. */
  readonly release: string;
  readonly frames: Frames;
}

export interface AgentsOptions extends Pick<
  Layer2Options,
  'onAnnounced' | 'onConflict' | 'onHeld' | 'onProblems'
> {
  /** Reads what the network of all nodes follows from. */
  readonly client: Client;
  /** Writes about a node and its pods, as that node; where absent, `client` does. */
  readonly clientOf?: (node: string) => Client;
  readonly kernel: AgentKernel;
  readonly config: NetworkConfig;
  /** Pin's name of a node's network namespace. */
  readonly netnsOfNode: (node: string) => string;
  readonly servingOf: (pod: Pod) => Serving;
  /** Everybody that `servingOf` may name. */
  readonly servings: readonly Serving[];
  readonly settings: PodSettings;
  /** Where absent, what is known of domain names is forgotten with this process. */
  readonly domainJournal?: DomainJournal;
  /** Where the nodes' own servers listen and connect. */
  readonly inside: Inside;
  /** Told of the view when it is whole, and of every change of it. */
  readonly onView?: (view: ClusterView) => void;
  /** Told of a node or pod in which something was mended that somebody else had changed. */
  readonly onRepair?: (object: Node | Pod) => void;
  /** Told of a pod that cannot be mended, and why. */
  readonly onBroken?: (pod: Pod, why: string) => void;
  /** Where somebody else's plugins wire the pods. */
  readonly cni?: CniOptions | undefined;
  readonly clock: Clock;
  readonly log: Log;
}
