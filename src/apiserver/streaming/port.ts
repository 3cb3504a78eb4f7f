import type { Duplex } from 'node:stream';

/** A pod that runs somewhere. */
export interface PodPlace {
  readonly uid: string;
  readonly name: string;
  readonly node: string;
  readonly hostNetwork: boolean;
}

/** A program to run in a pod's network. */
export interface ProgramWanted {
  readonly command: readonly string[];
  readonly terminal: boolean;
}

/** Which lines of a pod's log are wanted. */
export interface LogWanted {
  readonly follow: boolean;
  readonly timestamps: boolean;
  /** The last so many only. */
  readonly tail?: number;
  /** Milliseconds since 1970: later ones only. */
  readonly since?: number;
  /** About these ports only. */
  readonly ports?: readonly number[];
}

/**
 * The way into pods, which whoever runs them offers: the API server itself has none. Every call rejects with a
 * `WeftError` that says why there is no stream; the caller ends those it got by destroying them.
 */
export interface PodStreams {
  /** Frames of lib/stream-frames; the last one says how the program ended. */
  exec(pod: PodPlace, wanted: ProgramWanted): Promise<Duplex>;
  /** A TCP connection to a port of the pod's own loopback. */
  connect(pod: PodPlace, port: number): Promise<Duplex>;
  /** A TCP connection from a node to an address. */
  dial(node: string, target: { readonly address: string; readonly port: number }): Promise<Duplex>;
  /** Text in UTF-8, lines. */
  log(pod: PodPlace, wanted: LogWanted): Promise<Duplex>;
}
