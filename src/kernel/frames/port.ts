/** Whole Ethernet frames on a link of a pinned namespace, past the namespace's own network stack. */
export interface Frames {
  /**
   * Hears the frames of one EtherType that come in by a link, as its own kernel does beside it. Throws `frames-refused`
   * where the namespace has no such link, and `netns-missing`.
   */
  open(namespace: string, link: string, options: FrameOptions): FrameSocket;
  /** Calls back once when every frame that had come in at the time of the call has been given to its socket. */
  caughtUp(callback: () => void): void;
}

export interface FrameOptions {
  readonly etherType: number;
  readonly onFrame: (frame: Uint8Array) => void;
}

export interface FrameSocket {
  /** Link-layer address of the link. */
  readonly mac: string;
  /** Sends a whole frame, header included. False when it is lost: the link is down, full or no longer there. */
  send(frame: Uint8Array): boolean;
  /** Frames to this group are heard from now on: a network card need not take them otherwise. */
  join(groupMac: string): void;
  close(): void;
}
