import { WeftError } from '../../lib/errors.ts';
import { errorOffset } from '../../wire/nfnetlink/error-offset.ts';
import {
  encodeElementBatch,
  type BatchMessage,
  type ElementBatch,
  type StepWriter,
} from '../../wire/nfnetlink/nft-batch.ts';
import { parseAcknowledgement, type NetlinkMessage } from '../../wire/netlink/message.ts';
import { errnoName } from '../libc-errno.ts';
import { writeNftElement } from './write-element.ts';
import { familyNumbers } from './families.ts';
import type { NftElementChange } from './port.ts';
import { refusal, type BlamedChange } from './refusal.ts';

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
  const ordered = bySet(changes);
  return { batch: encodeElementBatch(ordered, firstSequence, changeWriter), ordered };
}

function bySet(changes: readonly NftElementChange[]): readonly NftElementChange[] {
  const groups = new Map<string, NftElementChange[][]>();
  for (const change of changes) {
    const named = groups.get(change.set);
    const group = named?.find(([first]) => first?.table === change.table && first.family === change.family);
    if (group !== undefined) group.push(change);
    else if (named !== undefined) named.push([change]);
    else groups.set(change.set, [[change]]);
  }
  return [...groups.values()].flat(2);
}

const changeWriter: StepWriter<NftElementChange> = {
  familyOf: ({ family }) => familyNumbers[family],
  write: (writer, { type, element }) => writeNftElement(writer, type, element),
};

/** Throws what the kernel's answers to a batch say (see `refusal`); nothing when it was applied. */
export function checkAnswers({ batch, ordered }: EncodedChange, answers: readonly NetlinkMessage[]): void {
  let applied = false;
  for (const answer of answers) {
    const acknowledgement = parseAcknowledgement(answer);
    if (acknowledgement === undefined) continue;
    if (acknowledgement.errno !== 0) {
      const message = batch.messages.find(({ sequence }) => sequence === answer.sequence);
      throw refusal(
        errnoName(acknowledgement.errno),
        message && changeAt(ordered, message, errorOffset(answer)),
      );
    }
    applied ||= answer.sequence === batch.lastSequence;
  }
  if (!applied)
    throw new WeftError('nft-rejected', 'nftables did not acknowledge a batch of element changes');
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
