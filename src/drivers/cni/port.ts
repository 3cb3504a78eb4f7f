/** Programs that wire pods (CNI specification, section 2). */
export interface CniPlugins {
  /**
   * Runs a plugin to its end and resolves with what it wrote. Rejects with `cni-plugin-missing` when no folder of plugins
   * has it, and `cni-plugin-failed` with the plugin's own words.
   */
  run(call: CniCall): Promise<string>;
}

export interface CniCall {
  /** Name of the program. */
  readonly plugin: string;
  readonly command: 'ADD' | 'DEL' | 'CHECK';
  readonly containerId: string;
  /** File of the network namespace of the pod, and of the node, in which the plugin runs. */
  readonly podNetns: string;
  readonly nodeNetns: string;
  readonly interfaceName: string;
  readonly args: string;
  /** Stands as /var/lib for the plugin: what it writes down there is this node's. */
  readonly state: string;
  /** What it reads. */
  readonly input: string;
}

/** What chains of plugins came to, for whoever calls them later; outlives the process. */
export interface CniResults {
  /** Undefined when there is none, or none that can be read. */
  read(node: string, uid: string): unknown;
  write(node: string, uid: string, saved: unknown): void;
  remove(node: string, uid: string): void;
  /** Uids of the node's pods that have one. */
  list(node: string): readonly string[];
}
