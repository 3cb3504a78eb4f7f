import type { NftSetType, NftValue } from '../../kernel/nft/port.ts';
import type { PlannedElement } from './planned-elements.ts';

/** Somebody's wish for an element. */
export interface Claim {
  readonly owner: string;
  readonly element: PlannedElement;
}

/** All of one element. Most elements have one owner, and its claim alone costs the least. */
export type Claims = Claim | readonly Claim[];

/** What is claimed of one set of a table. */
export interface ClaimedSet {
  readonly type: NftSetType;
  /** By id. */
  readonly claims: ReadonlyMap<NftValue, Claims>;
}

const listOf = (claims: Claims | undefined): readonly Claim[] =>
  claims === undefined ? [] : 'owner' in claims ? [claims] : claims;

export function without(claims: Claims | undefined, owner: string): Claims | undefined {
  const [first, ...rest] = listOf(claims).filter((claim) => claim.owner !== owner);
  return first === undefined || rest.length === 0 ? first : [first, ...rest];
}

export function withClaim(claims: Claims | undefined, claim: Claim): Claims {
  const others = claims === undefined ? undefined : without(claims, claim.owner);
  return others === undefined ? claim : [...listOf(others), claim];
}

/** The element that is there: that of the first owner in order of their names. */
export function winnerOf(claims: Claims | undefined): PlannedElement | undefined {
  if (claims === undefined) return undefined;
  if ('owner' in claims) return claims.element;
  let [first] = claims;
  for (const claim of claims) if (first === undefined || claim.owner < first.owner) first = claim;
  return first?.element;
}
