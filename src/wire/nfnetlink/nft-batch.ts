import { NLM_F_ACK, NLM_F_CREATE, NLM_F_REQUEST } from '../netlink/message.ts';
import { MessageWriter } from '../netlink/writer.ts';
import { beginNetfilter, netfilterType, NFNL_SUBSYS_NFTABLES, NFPROTO_UNSPEC } from './header.ts';
import {
  NFTA_SET_ELEM_LIST_ELEMENTS,
  NFTA_SET_ELEM_LIST_SET,
  NFTA_SET_ELEM_LIST_TABLE,
} from './set-element.ts';

const NFNL_MSG_BATCH_BEGIN = 0x10;
const NFNL_MSG_BATCH_END = 0x11;
const NFT_MSG_NEWSETELEM = 12;
const NFT_MSG_DELSETELEM = 14;

/** Nested attributes have 16-bit lengths; what one more change can add fits into the rest. */
const fullList = 60_000;

/** Bytes that most batches fit into: markers and headers of messages, and what an element takes. */
const batchOverhead = 512;
const usualElement = 64;

/** Of `nlmsg_flags` in a netlink header. */
const flagsOffset = 6;

/** One change of a set. Its elements stay together in one message. */
export interface ElementStep {
  readonly action: 'add' | 'delete';
  readonly table: string;
  readonly set: string;
}

/** What else is to be known of a step. */
export interface StepWriter<S> {
  /** NFPROTO_*. */
  familyOf(step: S): number;
  /** Writes its elements, as `writeElement` does. */
  write(writer: MessageWriter, step: S): void;
}

/** Where the steps of one message are, so that an error can be traced to a step. */
export interface BatchMessage {
  readonly sequence: number;
  /** Index of the message's first step. */
  readonly first: number;
  /** Where each step starts, in bytes from the start of the message. */
  readonly offsets: readonly number[];
}

export interface ElementBatch {
  readonly bytes: Buffer;
  readonly messages: readonly BatchMessage[];
  /** The message that is acknowledged when all went well: the last one. Sequences after it are free. */
  readonly lastSequence: number;
}

/**
 * Encodes steps as one atomic nfnetlink batch. Neighbouring steps on the same set share messages, many elements
 * each, and the order of steps is kept. `firstSequence` is the sequence of the batch's begin, which errors of the
 * whole batch carry.
 */
export function encodeElementBatch<S extends ElementStep>(
  steps: readonly S[],
  firstSequence: number,
  by: StepWriter<S>,
): ElementBatch {
  const writer = new MessageWriter(batchOverhead + steps.length * usualElement);
  const messages: BatchMessage[] = [];
  let sequence = firstSequence;
  let last = 0;
  writeMarker(writer, NFNL_MSG_BATCH_BEGIN, sequence);
  for (let first = 0; first < steps.length;) {
    sequence++;
    last = writer.length;
    const offsets = writeMessage(writer, { steps, first, sequence }, by);
    messages.push({ sequence, first, offsets });
    first += offsets.length;
  }
  writeMarker(writer, NFNL_MSG_BATCH_END, sequence + 1);
  const bytes = writer.finish();
  // Only the last message is acknowledged: thousands of acknowledgements would overrun the receive buffer.
  if (messages.length > 0)
    bytes.writeUInt16LE(bytes.readUInt16LE(last + flagsOffset) | NLM_F_ACK, last + flagsOffset);
  return { bytes, messages, lastSequence: sequence };
}

function writeMarker(writer: MessageWriter, type: number, sequence: number): void {
  const family = NFPROTO_UNSPEC;
  beginNetfilter(writer, { type, flags: NLM_F_REQUEST, sequence, family, resource: NFNL_SUBSYS_NFTABLES });
  writer.end();
}

interface Cursor<S> {
  readonly steps: readonly S[];
  readonly first: number;
  readonly sequence: number;
}

function writeMessage<S extends ElementStep>(
  writer: MessageWriter,
  { steps, first, sequence }: Cursor<S>,
  by: StepWriter<S>,
): number[] {
  const head = steps[first];
  if (head === undefined) return [];
  const start = writer.length;
  const offsets: number[] = [];
  const message = head.action === 'add' ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM;
  const type = netfilterType(NFNL_SUBSYS_NFTABLES, message);
  const flags = NLM_F_REQUEST | (head.action === 'add' ? NLM_F_CREATE : 0);
  const family = by.familyOf(head);
  beginNetfilter(writer, { type, flags, sequence, family });
  writer.string(NFTA_SET_ELEM_LIST_TABLE, head.table);
  writer.string(NFTA_SET_ELEM_LIST_SET, head.set);
  writer.nested(NFTA_SET_ELEM_LIST_ELEMENTS, () => {
    for (let at = first; at < steps.length && writer.length - start < fullList; at++) {
      const step = steps[at];
      if (step === undefined || !sameSet(head, step) || by.familyOf(step) !== family) return;
      offsets.push(writer.length - start);
      by.write(writer, step);
    }
  });
  writer.end();
  return offsets;
}

function sameSet(a: ElementStep, b: ElementStep): boolean {
  return a.set === b.set && a.table === b.table && a.action === b.action;
}
