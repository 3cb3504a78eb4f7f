/** A listener that is open. */
export interface OpenListener {
  /** Ends it and its connections. */
  close(): Promise<void>;
}
