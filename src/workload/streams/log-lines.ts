import type { Duplex } from 'node:stream';
import { mostUnreadBytes } from '../../lib/rpc-limits.ts';
import type { Journal, JournalEntry } from '../stand-in/journal.ts';

/** Which lines of a pod are wanted. */
export interface LogWanted {
  readonly uid: string;
  readonly follow: boolean;
  /** The last so many only. */
  readonly tail?: number;
  /** Milliseconds since 1970: later ones only. */
  readonly since?: number;
  readonly timestamps: boolean;
  /** Answers on these ports only. */
  readonly ports?: readonly number[];
}

/** Writes what a pod's stand-ins answered, and with `follow` what they answer until the pod or the reader goes. */
export function writeLog(connection: Duplex, journal: Journal, wanted: LogWanted): void {
  const isWanted = ({ at, listener }: JournalEntry): boolean =>
    at >= (wanted.since ?? 0) && (wanted.ports?.includes(listener.port) ?? true);
  const lineOf = ({ at, text }: JournalEntry): string =>
    wanted.timestamps ? `${new Date(at).toISOString()} ${text}\n` : `${text}\n`;
  const found = journal.read(wanted.uid).filter(isWanted);
  const kept = wanted.tail === undefined ? found : found.slice(Math.max(0, found.length - wanted.tail));
  connection.write(kept.map(lineOf).join(''));
  if (!wanted.follow) {
    connection.end();
    return;
  }
  // It may have gone before anybody could look.
  if (connection.destroyed) return;
  const stop = journal.follow(wanted.uid, {
    entry(entry) {
      if (!isWanted(entry)) return;
      connection.write(lineOf(entry));
      // A reader too far behind has to ask again.
      if (connection.writableLength > mostUnreadBytes) connection.destroy();
    },
    end: () => connection.end(),
  });
  connection.once('close', stop);
  connection.once('end', () => connection.end());
  connection.resume();
}
