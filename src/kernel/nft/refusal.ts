import { WeftError } from '../../lib/errors.ts';
import { setNameText } from './families.ts';
import type { NftElement, NftElementChange } from './port.ts';

/** The change that a refusal is about. */
export interface BlamedChange {
  readonly change: NftElementChange;
  /** Whether the kernel blames this very element, and not just its message. */
  readonly exact: boolean;
}

// ENOTEMPTY: an interval overlaps another one (net/netfilter/nft_set_pipapo.c, nft_set_rbtree.c).
const conflicts: readonly string[] = ['ENOENT', 'EEXIST', 'ENOTEMPTY'];

/**
 * The error for a batch of element changes that the kernel refused with this errno: `nft-conflict` where an element
 * is missing or already there, with another value or overlapping (so, too, for a missing table, set or chain);
 * `nft-rejected` otherwise.
 */
export function refusal(name: string, blamed: BlamedChange | undefined): WeftError {
  const where = blamed === undefined ? 'the batch' : describe(blamed);
  const message = `nftables refused ${where}: ${name}`;
  if (!conflicts.includes(name)) return new WeftError('nft-rejected', message);
  const hint = 'The kernel has other elements than expected: list the set and compare again.';
  return new WeftError('nft-conflict', message, { hint });
}

function describe({ change, exact }: BlamedChange): string {
  const set = setNameText(change);
  return exact
    ? `to ${change.action} ${elementText(change.element)} in ${set}`
    : `to ${change.action} in ${set}`;
}

function elementText({ key, keyEnd, value }: NftElement): string {
  const end = keyEnd === undefined ? '' : ` - ${keyEnd.join(' . ')}`;
  return `{ ${key.join(' . ')}${end}${value === undefined ? '' : ` : ${valueText(value)}`} }`;
}

function valueText(value: NonNullable<NftElement['value']>): string {
  if (!('verdict' in value)) return value.join(' . ');
  return value.chain === undefined ? value.verdict : `${value.verdict} ${value.chain}`;
}
