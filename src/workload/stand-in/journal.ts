import type { Clock } from '../../lib/clock.ts';
import type { Listener } from '../port.ts';
import type { Remote } from './answer.ts';

/** One answer that a stand-in gave. */
export interface JournalEntry {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly listener: Listener;
  readonly text: string;
}

/** Somebody who reads along. */
export interface JournalReader {
  entry(entry: JournalEntry): void;
  /** The pod is served no more. */
  end(): void;
}

/** What the stand-ins of all pods answered, oldest first; of a busy pod, the newest. */
export interface Journal {
  write(uid: string, listener: Listener, asked: Asked): void;
  /** What is kept just now. */
  read(uid: string): readonly JournalEntry[];
  /** Tells of every later entry; the returned function ends it. */
  follow(uid: string, reader: JournalReader): () => void;
  forget(uid: string): void;
}

/** Who asked, and for what, as far as it is text: a request line, or how much was sent. */
export interface Asked {
  readonly remote: Remote;
  readonly words: string;
}

/** Entries of a pod: the memory of all pods is one process's. */
const mostEntries = 256;
const longestWords = 160;

interface Pages {
  entries: JournalEntry[];
  readonly readers: Set<JournalReader>;
}

export function createJournal(clock: Pick<Clock, 'now'>): Journal {
  const pods = new Map<string, Pages>();
  const pagesOf = (uid: string): Pages => {
    const pages = pods.get(uid) ?? { entries: [], readers: new Set() };
    pods.set(uid, pages);
    return pages;
  };
  return {
    write(uid, listener, asked) {
      const pages = pagesOf(uid);
      const entry = { at: clock.now(), listener, text: textOf(listener, asked) };
      pages.entries.push(entry);
      // Cut by half, so that a busy pod does not move its entries for each.
      if (pages.entries.length >= 2 * mostEntries) pages.entries = pages.entries.slice(-mostEntries);
      for (const reader of pages.readers) reader.entry(entry);
    },
    read: (uid) => pods.get(uid)?.entries.slice(-mostEntries) ?? [],
    follow(uid, reader) {
      const pages = pagesOf(uid);
      pages.readers.add(reader);
      return () => {
        pages.readers.delete(reader);
        // A pod that nobody stands in for is not kept because somebody asked for it.
        if (pages.readers.size + pages.entries.length === 0 && pods.get(uid) === pages) pods.delete(uid);
      };
    },
    forget(uid) {
      const pages = pods.get(uid);
      pods.delete(uid);
      for (const reader of pages?.readers ?? []) reader.end();
    },
  };
}

/** What was asked are a stranger's words: they are quoted, and cut where they are many. */
function textOf({ protocol, port }: Listener, { remote, words }: Asked): string {
  const shown = words.length > longestWords ? `${words.slice(0, longestWords)}…` : words;
  return `${protocol} ${port} answered ${remote.address} port ${remote.port}: ${JSON.stringify(shown)}`;
}
