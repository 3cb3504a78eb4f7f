import { WeftError } from '../lib/errors.ts';
import { shortHash } from '../lib/hash.ts';
import { sameJson } from '../lib/same-json.ts';
import type { Nftables, NftElementChange, NftSetType } from '../kernel/nft/port.ts';
import type { CommonClaims } from '../plan/elements/common-claims.ts';
import { ElementLedger, type Lingering, type SetTypes } from '../plan/elements/ledger.ts';
import { placeOf, type PlannedElement } from '../plan/elements/planned-elements.ts';
import { separate, type Refused } from './separate.ts';

/** One feature's nftables table on one node: its rules are loaded once, its elements follow the ledger. */
export interface ManagedTable {
  /**
   * Loads the skeleton, or adopts a table that an earlier process left with the same one: then the first `commit`
   * mends the difference in one transaction, so that what stays desired is there all the time.
   */
  start(): void;
  /** Stages what `owner` claims; nothing is sent before `commit`. */
  set(owner: string, elements: readonly PlannedElement[]): void;
  /** Stages what each owner claims there, who claim nothing yet: a transaction of its own. */
  takeOver(common: CommonClaims): void;
  /**
   * Sends everything staged as one transaction, and one more for each `takeOver`. Returns how many elements changed. Where
   * the kernel refuses it, whoever can be served is, the others keep what they had, and `elements-refused` is thrown, naming
   * the first of them; the next one tries again. What lingered behind the last one goes with it.
   */
  commit(): number;
  /** Takes away what lingers, if nothing else is to be sent: to be called a while behind `commit`, and not in its turn. */
  tidy(): void;
  /**
   * Compares the kernel with what is desired and mends the difference: the table itself where it is gone or its rules
   * are others. Returns how many things differed.
   */
  repair(): number;
  /** Runs commands that add to what the skeleton laid out: its rules are known by what they are from then on. */
  grow(commands: string): void;
  /** Deletes the table. */
  cleanup(): void;
}

export interface TableOptions {
  readonly nft: Nftables;
  /** Pin's name of the node's network namespace. */
  readonly netns: string;
  readonly table: { readonly family: 'ip' | 'ip6'; readonly table: string };
  readonly types: SetTypes;
  /** What stays for one transaction more; nothing unless said otherwise. */
  readonly lingering?: Lingering;
  readonly skeleton: string;
  /** Names of the sets that exist now; they may grow. */
  sets(): Iterable<string>;
  /** Commands that are run with the skeleton whenever it is loaded: what has grown since must grow again. */
  readonly growth?: () => string;
}

/** What an owner had when the last transaction was sent, and what it is to have. */
interface Staged {
  readonly before: readonly PlannedElement[];
  readonly wanted: readonly PlannedElement[];
}

const layoutType: NftSetType = { key: ['mark'] };

/** Who claims what nobody else does. Where somebody else does too, that comes first: owners are in order of their names. */
const nobody = '\uffff';

/** By their places. */
type Found = ReadonlyMap<string, PlannedElement>;

/** What is there of what is wanted, as it is. */
function within(found: Found, wanted: readonly PlannedElement[]): readonly PlannedElement[] {
  return wanted.flatMap((element) => found.get(placeOf(element)) ?? []);
}

/** Of ranges the first field alone. */
const placeIn = ({ set, type, element: { key } }: NftElementChange): string =>
  `${set} ${type.interval === true ? key[0] : key.join(' ')}`;

/**
 * One transaction, or several where something goes ahead: nothing, that is, beside which something goes that may be in its
 * way, which is the same key or, in a set of ranges, the same first field of one.
 */
function inOrder(
  changes: readonly NftElementChange[],
  lingering: Lingering | undefined,
): (readonly NftElementChange[])[] {
  if (lingering === undefined) return changes.length === 0 ? [] : [changes];
  const going = new Set(changes.filter(({ action }) => action === 'delete').map(placeIn));
  const aheadOf = (change: NftElementChange): number => {
    const turns = change.action === 'add' ? lingering.goesAhead(change.set) : 0;
    return turns > 0 && going.has(placeIn(change)) ? 0 : turns;
  };
  const byTurn = Map.groupBy(changes, aheadOf);
  return [...byTurn].sort(([a], [b]) => b - a).map(([, transaction]) => transaction);
}

/** A table that nothing was sent to yet. */
export function createManagedTable(options: TableOptions): ManagedTable {
  const { nft, netns, table, types } = options;
  const ledger = new ElementLedger(table, types, options.lingering);
  // An adopted table must have been laid out by the same skeleton: its hash is the name of a set of its own.
  const layout = `layout-${shortHash(options.skeleton)}`;
  let staged: NftElementChange[] = [];
  /** Transactions that were staged whole, in their order, before what is in `staged`. */
  let whole: (readonly NftElementChange[])[] = [];
  /** What owners had before what is staged, and want. */
  const waiting = new Map<string, Staged>();
  /** What was refused is tried again with the next commit. */
  const refused = new Map<string, Staged>();
  /** The kernel may hold something else than the ledger thinks: the next commit compares. */
  let isOutOfStep = false;

  /** Writes down which rules there are: the digest is the one element of the layout's set. */
  const stamp = (): void => {
    const set = { ...table, set: layout, type: layoutType };
    const before = nft.elements(netns, set, layoutType);
    const after = { key: [nft.rulesDigest(netns, table)] };
    if (before.length === 1 && sameJson(before[0], after)) return;
    nft.change(netns, [
      ...before.map((element) => ({ ...set, action: 'delete', element }) as const),
      { ...set, action: 'add', element: after },
    ]);
  };

  const isIntact = (): boolean => {
    try {
      const stamped = nft.elements(netns, { ...table, set: layout }, layoutType);
      return sameJson(stamped, [{ key: [nft.rulesDigest(netns, table)] }]);
    } catch (error) {
      if (error instanceof WeftError && error.code === 'nft-missing') return false;
      throw error;
    }
  };

  /** False when the table was there, as the same skeleton lays it out and with no other rules. */
  const layOut = (): boolean => {
    const isThere = nft.tables(netns, table.family).includes(table.table);
    if (isThere && isIntact()) return false;
    // One transaction: there is no moment without rules.
    const deletion = isThere ? `delete table ${table.family} ${table.table}\n` : '';
    const named = `add set ${table.family} ${table.table} ${layout} { type mark; }`;
    nft.run(netns, `${deletion}${options.skeleton}\n${options.growth?.() ?? ''}\n${named}\n`);
    stamp();
    return true;
  };

  const unstage = (): void => {
    staged = [];
    whole = [];
  };

  /** What would linger if it had been there before goes behind everything else. */
  const mendingOrder = (changes: readonly NftElementChange[]): (readonly NftElementChange[])[] => {
    const coming = new Set(changes.filter(({ action }) => action === 'add').map(placeIn));
    const { false: first = [], true: last = [] } = Object.groupBy(changes, (change) =>
      change.action === 'delete' && !coming.has(placeIn(change)) && mayStay(change) ? 'true' : 'false',
    );
    const order = inOrder(first, options.lingering);
    return last.length === 0 ? order : [...order, last];
  };

  /** Ranges are in the way of others. */
  const mayStay = ({ set, type, element }: NftElementChange): boolean =>
    type.interval !== true &&
    options.lingering?.mayLinger(set) === true &&
    options.lingering.isHarmless({ ...element, set }, ledger);

  const repair = (): number => {
    isOutOfStep = true;
    const laidOut = layOut() ? 1 : 0;
    unstage();
    const changes = [...options.sets()].flatMap((set) => {
      const type = types[set];
      if (type === undefined || nft.holds(netns, { ...table, set }, type, ledger.elements(set))) return [];
      return ledger.repair(set, nft.elements(netns, { ...table, set }, type));
    });
    for (const transaction of mendingOrder(changes)) nft.change(netns, transaction);
    isOutOfStep = false;
    return changes.length + laidOut;
  };

  const takeOver = (common: CommonClaims): void => {
    for (const [owner, wanted] of common.owned) waiting.set(owner, { before: [], wanted });
    whole.push(staged, ledger.takeOver(common));
    staged = [];
  };

  const stage = (owner: string, wanted: readonly PlannedElement[]): void => {
    const { before } = waiting.get(owner) ?? { before: ledger.owned(owner) };
    waiting.set(owner, { before, wanted });
    for (const change of ledger.set(owner, wanted)) staged.push(change);
  };

  const send = (): number => {
    const released = ledger.release();
    if (isOutOfStep) return repair();
    const [first, ...others] = [...whole, staged];
    const transactions = [released.length === 0 ? first : [...released, ...first], ...others];
    unstage();
    try {
      for (const changes of transactions) {
        if (changes.length === 0) continue;
        for (const part of inOrder(changes, options.lingering)) nft.change(netns, part);
      }
      return transactions.reduce((sum, changes) => sum + changes.length, 0);
    } catch (error) {
      // What was staged is lost, but the ledger still says what is right.
      isOutOfStep = true;
      // Somebody else touched the table.
      if (error instanceof WeftError && error.code === 'nft-conflict') return repair();
      throw error;
    }
  };

  /** Claims for each what it had. The kernel holds that already, or is compared with it. */
  const goBack = (some: readonly (readonly [string, Staged])[]): void => {
    for (const [owner, { before }] of some) ledger.set(owner, before);
    unstage();
  };

  /** Elements in the kernel that nobody claims: after an adoption, all. */
  const unclaimed = (): Found => {
    const elements = [...options.sets()].flatMap((set) => {
      const type = types[set];
      return type === undefined
        ? []
        : [...ledger.unclaimed(set, nft.elements(netns, { ...table, set }, type))];
    });
    return new Map(elements.map((element) => [placeOf(element), element]));
  };

  /**
   * The kernel as the ledger says, with everybody back at what they had. What nobody is known to want stays until the
   * end: behind an adoption it may be what somebody has who was not asked yet. Whoever had nothing before is taken to
   * have had what the kernel holds of what it wants.
   */
  const shelter = (): (readonly [string, Staged])[] => {
    goBack([...waiting]);
    layOut();
    const found = unclaimed();
    const owners = [...waiting].map(([owner, { before, wanted }]) => {
      const held = before.length > 0 ? before : within(found, wanted);
      return [owner, { before: held, wanted }] as const;
    });
    goBack(owners);
    ledger.set(nobody, [...found.values()]);
    return owners;
  };

  /** What was sheltered goes. */
  const release = (): number => {
    const changes = ledger.set(nobody, []);
    if (changes.length > 0) nft.change(netns, changes);
    return changes.length;
  };

  /** Back to what there was, and from there with everybody whom the kernel does not refuse. */
  const sendApart = (): number => {
    let changed = 0;
    const attempt = (some: readonly (readonly [string, Staged])[]): void => {
      try {
        const changes = some.flatMap(([owner, { wanted }]) => ledger.set(owner, wanted));
        if (changes.length > 0) nft.change(netns, changes);
        changed += changes.length;
      } catch (error) {
        goBack(some);
        throw error;
      }
    };
    let found: Refused<readonly [string, Staged]>;
    try {
      const owners = shelter();
      changed += repair();
      const inTheWay = separate(owners, attempt);
      changed += release();
      // What went now may have been in the way, such as a range that overlaps.
      found = separate([...inTheWay.keys()], attempt);
    } catch (error) {
      // It is nobody's fault: what is wanted is sent by the next commit.
      ledger.set(nobody, []);
      for (const [owner, { wanted }] of waiting) ledger.set(owner, wanted);
      isOutOfStep = true;
      throw error;
    }
    waiting.clear();
    for (const [owner, wanted] of found.keys()) refused.set(owner, wanted);
    const [first] = found;
    if (first === undefined) return changed;
    const [[owner], why] = first;
    const hint = found.size > 1 ? { hint: `${found.size - 1} more were refused.` } : {};
    throw new WeftError('elements-refused', `${owner}: ${why}`, hint);
  };

  return {
    start() {
      isOutOfStep = !layOut();
    },
    set: stage,
    takeOver,
    commit() {
      for (const [owner, { wanted }] of refused) if (!waiting.has(owner)) stage(owner, wanted);
      refused.clear();
      try {
        const changed = send();
        waiting.clear();
        return changed;
      } catch (error) {
        if (waiting.size === 0) throw error;
        return sendApart();
      }
    },
    tidy() {
      if (ledger.isLingering && waiting.size === 0 && !isOutOfStep) send();
    },
    repair,
    grow(commands) {
      nft.run(netns, commands);
      stamp();
    },
    cleanup() {
      if (nft.tables(netns, table.family).includes(table.table)) {
        nft.run(netns, `delete table ${table.family} ${table.table}`);
      }
    },
  };
}
