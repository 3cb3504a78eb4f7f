/**
 * A socket that listens on this machine's loopback, handed to a lab's processes because without root they cannot open
 * one: see docs/adr/0009. All take and return descriptors.
 */
export interface Door {
  open(): number;
  /** The same as a running process of the lab has. */
  copyOf(pid: number): number;
  close(fd: number): void;
}

/** Set for processes that were handed a door. */
export const doorVariable = 'WEFT_DOOR';
