import type { Entry, EventType } from './store/port.ts';

/** What a list says of itself (meta/v1 ListMeta). */
export interface ListMeta {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

/** How objects are written for one request. It may remember what it already told (a watch's table columns). */
export interface Representation {
  one(entry: Entry): string;
  list(entries: readonly Entry[], metadata: ListMeta): string;
  /** One line of a watch. */
  event(type: EventType, entry: Entry): string;
  /** The line that says only that everything up to a version was sent. */
  bookmark(resourceVersion: number, annotations?: Record<string, string>): string;
}
