import type { Evidence } from '../lab/bundle/evidence.ts';
import type { LabPaths } from '../lab/paths.ts';
import type { Finding } from '../doctor/finding.ts';
import type { LabConnection } from '../lab/connection.ts';
import type { ClusterDoor } from '../lab/cluster/door.ts';
import type { LabControl } from '../lab/control.ts';

/** What the command line may touch: everything real is made in `cmd`, and tests bring their own. */
export interface CliEnvironment {
  /** Data for programs and people. */
  readonly out: (text: string) => void;
  /** Progress and complaints. */
  readonly err: (text: string) => void;
  /** Whether `err` is a terminal, where a line may be redrawn and coloured. */
  readonly isTerminal: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Labs of this machine. */
  readonly labs: LabControl;
  /** Opens a running lab; throws `lab-missing` (exit 2) naming the labs there are. */
  readonly connect: (name: string) => Promise<LabConnection>;
  /** Opens a cluster's API server. Rejects with `kubeconfig-invalid`; nothing is asked of the server yet. */
  readonly openCluster: (at: ClusterAddress) => Promise<ClusterDoor>;
  /** What a support bundle takes from this machine; loaded on first use. */
  readonly evidence: () => Promise<MachineEvidence>;
  /**
   * Runs this command line where the lab's namespaces can be entered, and returns its exit code; undefined when that is
   * here, or when there is no such lab.
   */
  readonly enter: (name: string) => Promise<number | undefined>;
  /** Looks at everything that labs need of this machine; leaves nothing behind. */
  readonly diagnose: () => Promise<readonly Finding[]>;
  /** Resolves when the person ends the command: with Ctrl-C, say. */
  readonly untilInterrupted: () => Promise<void>;
  /** Runs controllers on a real cluster until the process is told to end. */
  readonly runControllers: (run: ControllersRun) => Promise<void>;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

/** Where an API server is, and as whom it is asked. */
export interface ClusterAddress {
  /** Path of a kubeconfig. */
  readonly kubeconfig: string;
  /** Of its contexts; the current one where it is absent. */
  readonly context?: string;
}

export interface ControllersRun {
  /** Path of a kubeconfig. */
  readonly kubeconfig: string;
  /** Names of controllers; those that the cluster does not have where it is absent. */
  readonly only?: readonly string[];
}

export interface MachineEvidence {
  /** What the kernel holds of a lab. Throws `lab-down` where no process keeps its namespaces. */
  readonly kernel: (paths: LabPaths) => Iterable<Evidence>;
  readonly versions: () => object;
}

/** A command's outcome: its exit code. */
export type ExitCode = 0 | 1 | 2 | 3;
