import type { Sockets } from '../../kernel/sockets/port.ts';
import type { Family } from '../../lib/address.ts';
import type { Listener, PodServing } from '../port.ts';
import type { Asked } from './journal.ts';

/** A listener that is open. */
export interface OpenListener {
  /** Ends it and its connections. Its port is free at once; the promise waits for the clean-up. */
  close(): Promise<void>;
}

/** What a listener needs to be opened. */
export interface ListenerContext {
  readonly sockets: Sockets;
  readonly listener: Listener;
  readonly family: Family;
  /** The pod as it was told last. */
  readonly serving: () => PodServing;
  /** Told of every answer. */
  readonly note: (asked: Asked) => void;
}
