import { WeftError } from '../../lib/errors.ts';
import { errorOffset } from '../../wire/nfnetlink/error-offset.ts';
import {
  encodeElementBatch,
  type BatchMessage,
  type ElementBatch,
  type ElementStep,
} from '../../wire/nfnetlink/nft-batch.ts';
import { parseAcknowledgement, type NetlinkMessage } from '../../wire/netlink/message.ts';
import { errnoName } from '../libc-errno.ts';
import { encodeElement } from './element-codec.ts';
import { familyNumbers, setNameText } from './families.ts';
import type { NftElement, NftElementChange } from './port.ts';

/** A batch and what it was made of, in the order of its steps. */
export interface EncodedChange {
  readonly batch: ElementBatch;
  readonly ordered: readonly NftElementChange[];
}

/**
 * Encodes changes as one batch. Changes of one set keep their order; different sets are brought together, for
 * their elements do not depend on each other and every message costs the kernel a search for its set. Throws
 * `nft-value`.
 */
export function encodeChange(changes: readonly NftElementChange[], firstSequence: number): EncodedChange {
  const sets = new Map<string, NftElementChange[]>();
  for (const change of changes) {
    const name = setNameText(change);
    const known = sets.get(name);
    if (known === undefined) sets.set(name, [change]);
    else known.push(change);
  }
  const ordered = [...sets.values()].flat();
  return { batch: encodeElementBatch(ordered.map(stepOf), firstSequence), ordered };
}

function stepOf({ action, family, table, set, type, element }: NftElementChange): ElementStep {
  return { action, family: familyNumbers[family], table, set, elements: encodeElement(type, element) };
}

/**
 * Throws what the kernel's answers to a batch say: nothing when it was applied. An element that is missing or
 * already there, with another value or overlapping, is `nft-conflict`; so is a missing table or set.
 */
export function checkAnswers({ batch, ordered }: EncodedChange, answers: readonly NetlinkMessage[]): void {
  let applied = false;
  for (const answer of answers) {
    const acknowledgement = parseAcknowledgement(answer);
    if (acknowledgement === undefined) continue;
    if (acknowledgement.errno !== 0) {
      const message = batch.messages.find(({ sequence }) => sequence === answer.sequence);
      throw refusal(acknowledgement.errno, message && changeAt(ordered, message, errorOffset(answer)));
    }
    applied ||= answer.sequence === batch.lastSequence;
  }
  if (!applied)
    throw new WeftError('nft-rejected', 'nftables did not acknowledge a batch of element changes');
}

interface BlamedChange {
  readonly change: NftElementChange;
  /** Whether the kernel blames this very element, and not just its message. */
  readonly exact: boolean;
}

function changeAt(
  ordered: readonly NftElementChange[],
  { first, offsets }: BatchMessage,
  offset: number | undefined,
): BlamedChange | undefined {
  const index = offset === undefined ? -1 : offsets.findLastIndex((start) => start <= offset);
  const change = ordered[first + Math.max(index, 0)];
  return change && { change, exact: index >= 0 };
}

// ENOTEMPTY: an interval overlaps another one (net/netfilter/nft_set_pipapo.c, nft_set_rbtree.c).
const conflicts: readonly string[] = ['ENOENT', 'EEXIST', 'ENOTEMPTY'];

function refusal(errno: number, blamed: BlamedChange | undefined): WeftError {
  const name = errnoName(errno);
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
