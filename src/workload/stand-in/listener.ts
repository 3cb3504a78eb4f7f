import type { Sockets } from '../../kernel/sockets/port.ts';
import type { Family } from '../../lib/address.ts';
import type { Listener, PodServing } from '../port.ts';
import type { Asked } from './journal.ts';

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
