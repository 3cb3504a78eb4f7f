import type { Duplex } from 'node:stream';
import type { Link } from '../kernel/route/port.ts';
import type { Programming } from '../agent/agents.ts';
import type { Client } from '../client/port.ts';
import type { FlowReport } from '../model/flows/observed-flow.ts';
import type { Prober } from '../workload/probe/prober.ts';
import type { LabOptions } from './options.ts';
import type { WayInside } from './pod-streams.ts';

/** How far the agents of a lab are. */
export type LabProgramming = Programming;

/** A running lab, as commands use it. */
export interface LabConnection {
  readonly options: LabOptions;
  readonly client: Client;
  /** Sends real packets; opened on first use, for it needs root and the kernel libraries. */
  prober(): Promise<Prober>;
  /** Resolves when the agents have programmed everything up to these resourceVersions, by plural name. */
  programmed(versions: Readonly<Record<string, string>>): Promise<void>;
  /** How far the nodes are. Rejects as `rpcCall` where the agents do not answer. */
  programming(): Promise<LabProgramming>;
  /** What was observed since `recordFlows(true)`. Rejects as `rpcCall`. */
  flows(): Promise<FlowReport>;
  /** Addresses that the DNS server gave out for domain names of policies and that count by now. Rejects as `rpcCall`. */
  domains(): Promise<ReadonlyMap<string, readonly string[]>>;
  /** Has the agents record flows from now on, or no more; either forgets what was recorded before. */
  recordFlows(isWanted: boolean): Promise<void>;
  /**
   * Runs a program of this machine in the network of a pod, or of a machine that asks these servers for names, until it ends,
   * on this process's terminal; returns its exit code. Throws `program-missing`.
   */
  execute(
    where: { readonly netns: string } & (
      | { readonly uid: string }
      | { readonly nameservers: readonly string[] }
    ),
    command: readonly string[],
  ): Promise<number>;
  /** What the nodes of the lab are connected by, as their kernels have it. Needs root. */
  nodeLinks(node: string): Promise<readonly Link[]>;
  /** IPv4 addresses that a name server has for a name, asked from inside the lab. Rejects as `askName`. */
  resolve(from: Omit<WayInside, 'port'>, name: string): Promise<readonly string[]>;
  /** A TCP connection from inside the lab. Rejects as `connectInside`. */
  connectInside(way: WayInside): Promise<Duplex>;
  close(): Promise<void>;
}
