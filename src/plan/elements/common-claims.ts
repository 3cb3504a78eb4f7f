import type { NftElementChange, NftFamily, NftSetType, NftValue } from '../../kernel/nft/port.ts';
import { winnerOf, withClaim, type Claims, type ClaimedSet } from './claims.ts';
import type { SetTypes } from './ledger.ts';
import { idOf, type PlannedElement } from './planned-elements.ts';

/**
 * What many owners claim alike in the tables of several nodes: put together once, for each ledger to take over as it is
 * (`ElementLedger.takeOver`). It stays what it is, whatever those ledgers are told afterwards.
 */
export interface CommonClaims {
  readonly owned: ReadonlyMap<string, readonly PlannedElement[]>;
  readonly sets: ReadonlyMap<string, ClaimedSet>;
  /** What a table without any of it lacks: the same array each time, by which it is known that it was encoded before. */
  readonly additions: readonly NftElementChange[];
}

/** The sets and maps of an nftables table. */
interface Table {
  readonly table: { readonly family: NftFamily; readonly table: string };
  readonly types: SetTypes;
}

/** No owner claims the same element twice. */
export function commonClaims(
  { table, types }: Table,
  owned: ReadonlyMap<string, readonly PlannedElement[]>,
): CommonClaims {
  const sets = new Map<string, OpenSet>();
  const setOf = (name: string): OpenSet => {
    const known = sets.get(name);
    if (known !== undefined) return known;
    const type = types[name];
    if (type === undefined) throw new Error(`table ${table.table} has no set ${name}`);
    const set = { type, claims: new Map<NftValue, Claims>() };
    sets.set(name, set);
    return set;
  };
  for (const [owner, elements] of owned) {
    for (const element of elements) {
      const { claims } = setOf(element.set);
      const id = idOf(element);
      claims.set(id, withClaim(claims.get(id), { owner, element }));
    }
  }
  const additions: NftElementChange[] = [];
  for (const [set, { type, claims }] of sets) {
    for (const one of claims.values()) {
      const element = winnerOf(one);
      if (element !== undefined) additions.push({ action: 'add', ...table, set, type, element });
    }
  }
  return { owned, sets, additions };
}

interface OpenSet extends ClaimedSet {
  readonly type: NftSetType;
  readonly claims: Map<NftValue, Claims>;
}
