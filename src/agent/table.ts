import { WeftError } from '../lib/errors.ts';
import { shortHash } from '../lib/hash.ts';
import type { Nftables, NftElementChange, NftSetType } from '../kernel/nft/port.ts';
import { ElementLedger, type PlannedElement, type SetTypes } from '../plan/elements/ledger.ts';

/** One feature's nftables table on one node: its rules are loaded once, its elements follow the ledger. */
export interface ManagedTable {
  /**
   * Loads the skeleton, or adopts a table that an earlier process left with the same one: then the first `commit`
   * mends the difference in one transaction, so that what stays desired is there all the time.
   */
  start(): void;
  /** Stages what `owner` claims; nothing is sent before `commit`. */
  set(owner: string, elements: readonly PlannedElement[]): void;
  /**
   * Sends everything staged as one transaction. Returns how many elements changed. After a failure, which is thrown,
   * the next one makes up for it.
   */
  commit(): number;
  /**
   * Compares the kernel with what is desired and mends the difference, the table itself where it is gone. Returns how
   * many elements differed.
   */
  repair(): number;
  /** Deletes the table. */
  cleanup(): void;
}

export interface TableOptions {
  readonly nft: Nftables;
  /** Pin's name of the node's network namespace. */
  readonly netns: string;
  readonly table: { readonly family: 'ip' | 'ip6'; readonly table: string };
  readonly types: SetTypes;
  readonly skeleton: string;
  /** Names of the sets that exist now; they may grow. */
  sets(): Iterable<string>;
  /** Called when the skeleton was loaded, at the start or again: what has grown since must grow again. */
  readonly onLaidOut?: () => void;
}

const layoutType: NftSetType = { key: ['mark'] };

/** A table that nothing was sent to yet. */
export function createManagedTable(options: TableOptions): ManagedTable {
  const { nft, netns, table, types } = options;
  const ledger = new ElementLedger(table, types);
  // An adopted table must have been laid out by the same skeleton: its hash is the name of an empty set.
  const layout = `layout-${shortHash(options.skeleton)}`;
  let staged: NftElementChange[] = [];
  /** The kernel may hold something else than the ledger thinks: the next commit compares. */
  let isOutOfStep = false;

  const isOurs = (): boolean => {
    try {
      nft.elements(netns, { ...table, set: layout }, layoutType);
      return true;
    } catch (error) {
      if (error instanceof WeftError && error.code === 'nft-missing') return false;
      throw error;
    }
  };

  /** False when the table was there, as the same skeleton lays it out. */
  const layOut = (): boolean => {
    if (nft.tables(netns, table.family).includes(table.table)) {
      if (isOurs()) return false;
      nft.run(netns, `delete table ${table.family} ${table.table}`);
    }
    const named = `add set ${table.family} ${table.table} ${layout} { type mark; }`;
    nft.run(netns, `${options.skeleton}\n${named}\n`);
    options.onLaidOut?.();
    return true;
  };

  const repair = (): number => {
    isOutOfStep = true;
    layOut();
    staged = [];
    const changes = [...options.sets()].flatMap((set) => {
      const type = types[set];
      return type === undefined ? [] : ledger.repair(set, nft.elements(netns, { ...table, set }, type));
    });
    if (changes.length > 0) nft.change(netns, changes);
    isOutOfStep = false;
    return changes.length;
  };

  return {
    start() {
      isOutOfStep = !layOut();
    },
    set(owner, elements) {
      staged.push(...ledger.set(owner, elements));
    },
    commit() {
      if (isOutOfStep) return repair();
      const changes = staged;
      if (changes.length === 0) return 0;
      staged = [];
      try {
        nft.change(netns, changes);
        return changes.length;
      } catch (error) {
        // What was staged is lost, but the ledger still says what is right.
        isOutOfStep = true;
        // Somebody else touched the table.
        if (error instanceof WeftError && error.code === 'nft-conflict') return repair();
        throw error;
      }
    },
    repair,
    cleanup() {
      if (nft.tables(netns, table.family).includes(table.table)) {
        nft.run(netns, `delete table ${table.family} ${table.table}`);
      }
    },
  };
}
