/** A pod that has its address and namespace. */
export interface RunningPod {
  readonly uid: string;
  /** The primary one first; on the host network they are the node's. */
  readonly addresses: readonly string[];
  readonly netns: string;
}
