import type { Conntrack } from '../kernel/conntrack/port.ts';
import type { DriftWatch } from '../kernel/drift/port.ts';
import type { NetworkNamespaces } from '../kernel/netns/port.ts';
import type { PacketLog } from '../kernel/nft/log-port.ts';
import type { Nftables } from '../kernel/nft/port.ts';
import type { RouteNetlink } from '../kernel/route/port.ts';
import type { Sockets } from '../kernel/sockets/port.ts';
import type { Sysctl } from '../kernel/sysctl/port.ts';
import type { Finding } from './finding.ts';

/** What labs use of the kernel, for trials in namespaces that are thrown away. */
export interface Kernel {
  readonly namespaces: NetworkNamespaces;
  readonly route: RouteNetlink;
  readonly nft: Nftables;
  readonly sysctl: Sysctl;
  readonly conntrack: Conntrack;
  readonly packetLog: PacketLog;
  readonly drift: DriftWatch;
  readonly sockets: Sockets;
}

/** How a program ended. */
export interface ProgramResult {
  readonly code: number;
  /** Its standard output and errors. */
  readonly out: string;
  readonly err: string;
}

/** A lab that has left something on this machine. */
export interface LabTrace {
  readonly name: string;
  /** Whether processes of it run. */
  readonly isRunning: boolean;
  /** Whether it has a directory. */
  readonly hasDirectory: boolean;
}

/** This machine, as far as it can be looked at without changing anything. */
export interface Machine {
  /** As Node names them: `linux`, `x64`. */
  readonly platform: string;
  readonly architecture: string;
  /** Without the leading `v`. */
  readonly nodeVersion: string;
  /** Labs run as root: this user is, and the owner of the network namespace it is in. */
  readonly isRoot: boolean;
  /** Text of a file below /proc; undefined when it is not there or not readable. */
  readonly read: (path: string) => string | undefined;
  /** Loads a shared library as labs do. Returns why that fails, undefined when it does not. */
  whyNotLoaded(library: 'libc.so.6' | 'libnftables.so.1'): string | undefined;
  /** Runs a program to its end; undefined when it is not installed. */
  run(command: string, ...args: string[]): Promise<ProgramResult | undefined>;
  /** Where labs are. */
  readonly runDirectory: string;
  /** Makes a file and a socket's name there, and removes them. Throws as the file system does. */
  tryRunDirectory(): Promise<{ readonly freeBytes: number }>;
  labs(): Promise<readonly LabTrace[]>;
  /**
   * Tries what labs need of the kernel, in a process of its own with namespaces of its own, which go with it. Rejects
   * with why they could not be made.
   */
  tryKernel(): Promise<readonly Finding[]>;
}
