import type { StoredObject } from '../json.ts';

/** One stored object at one resourceVersion. Never modified: a change makes a new entry. */
export interface Entry {
  readonly key: string;
  readonly rv: number;
  readonly object: StoredObject;
  /** The object as JSON text, made once and sent to everybody. */
  readonly text: string;
}

export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** One change. A deletion carries the object's last state, with the deletion's own resourceVersion. */
export interface StoreEvent {
  readonly type: EventType;
  readonly resource: string;
  readonly rv: number;
  readonly entry: Entry;
  /** What was there before; undefined for an addition. */
  readonly previous: Entry | undefined;
}

/** One write: what an object is to be, or that it is to go. */
export interface Change {
  readonly resource: string;
  readonly key: string;
  /** Undefined removes. */
  readonly object: StoredObject | undefined;
}

/**
 * All objects of the API and what happened to them. Calls are synchronous: between a read and the write that
 * follows it in the same turn nothing can come, so that callers need no locks. Resources are named
 * `PLURAL.GROUP`, or `PLURAL` for the core group. What is written is seen at once, outlives this process a moment later
 * (`committed`) and the machine when the disk has it (`settled`). Nobody outside may be told of it before the first, and
 * nobody may be answered before the second.
 */
export interface Store {
  /** Of the newest write of any resource; it never goes back of what was told, also not over a crash of the machine. */
  readonly resourceVersion: number;
  get(resource: string, key: string): Entry | undefined;
  /** Entries in the order of their keys; with `namespace`, those whose key starts with `NAMESPACE/`. */
  list(resource: string, namespace?: string): readonly Entry[];
  /** Number of objects of a resource. */
  count(resource: string): number;
  /** Creates or replaces; sets `metadata.resourceVersion`. */
  put(resource: string, key: string, object: StoredObject): Entry;
  /** Undefined when there was nothing to remove. */
  remove(resource: string, key: string): Entry | undefined;
  /**
   * Several writes that become durable together or not at all; nobody hears of the first before the last is
   * done. An entry for each, undefined where there was nothing to remove.
   */
  write(changes: readonly Change[]): readonly (Entry | undefined)[];
  /**
   * Resolves when everything written so far is there also if this process dies; undefined when it is. Whether the machine
   * may die is another question: what is lost then has a version that nobody is given again, and a watch from there is
   * refused. Rejects as `settled`.
   */
  committed(): Promise<void> | undefined;
  /**
   * Resolves when everything written so far is durable; undefined when it is. Rejects with `store-failed` when it
   * could not be written: then all of it was undone, and versions that nobody heard of are given again; or, where
   * nobody knows what the disk holds, nothing is undone and nothing written or settled any more.
   */
  settled(): Promise<void> | undefined;
  /**
   * Calls back for every change after `fromRv`, first those that already happened, then each as it happens,
   * before the write returns. Throws `store-compacted` when history does not reach back to `fromRv`, or
   * when it lies in the future (the store was replaced), or where a crash may have taken back what it was of. The returned function ends it. When writes are undone, a
   * watcher hears of the inverse changes, or just `lost`, when it says so; versions do not ascend then.
   */
  watch(
    resource: string,
    fromRv: number,
    callback: (event: StoreEvent) => void,
    lost?: () => void,
  ): () => void;
  close(): void;
}

/** A current object, as it is stored. */
export interface ObjectRow {
  readonly resource: string;
  readonly key: string;
  readonly rv: number;
  readonly text: string;
}

/** All objects at one version. */
export interface Snapshot {
  readonly resourceVersion: number;
  readonly rows: readonly ObjectRow[];
}

/** What a restore wrote. */
export interface Restored {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  /** Of the newest write: after everything that was before, here and in the snapshot. */
  readonly resourceVersion: number;
}

/** The store itself, under all that looks at it in another way. */
export interface RootStore extends Store {
  /** All objects as they are now; later changes do not touch it. `settled` says when none of it can be undone. */
  snapshot(): Snapshot;
  /**
   * Makes the objects those of a snapshot, by one write of what differs: watchers hear of it as of any other, and
   * versions only go on. What a client knows of versions of a newer history than ours is refused as compacted.
   */
  restore(snapshot: Snapshot): Restored;
}
