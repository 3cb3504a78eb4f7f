import { parseAttributes, type Attributes } from '../netlink/attributes.ts';
import { malformed } from '../netlink/bytes.ts';
import type { NetlinkMessage } from '../netlink/message.ts';
import type { MessageWriter } from '../netlink/writer.ts';
import { parseNetfilter } from './header.ts';

// linux/netfilter/nf_tables.h
export const NFTA_LIST_ELEM = 1;
export const NFTA_SET_ELEM_LIST_TABLE = 1;
export const NFTA_SET_ELEM_LIST_SET = 2;
export const NFTA_SET_ELEM_LIST_ELEMENTS = 3;
export const NFTA_SET_ELEM_KEY = 1;
export const NFTA_SET_ELEM_DATA = 2;
export const NFTA_SET_ELEM_FLAGS = 3;
export const NFTA_SET_ELEM_KEY_END = 10;
const NFTA_DATA_VALUE = 1;
export const NFTA_DATA_VERDICT = 2;
const NFTA_VERDICT_CODE = 1;
const NFTA_VERDICT_CHAIN = 2;

/** Bits of an element's flags. */
export const NFT_SET_ELEM_INTERVAL_END = 1;
export const NFT_SET_ELEM_CATCHALL = 2;

export const NF_DROP = 0;
export const NF_ACCEPT = 1;
export const NFT_JUMP = -3;
export const NFT_GOTO = -4;
export const NFT_RETURN = -5;

export interface RawVerdict {
  /** NF_* or NFT_*. */
  readonly code: number;
  readonly chain?: string;
}

/** A set element as the kernel has it: bytes whose meaning only the set's types tell. */
export interface RawElement {
  /** Absent in the catch-all element. */
  readonly key?: Uint8Array;
  /** Concatenated intervals: the last key covered, component by component. */
  readonly keyEnd?: Uint8Array;
  readonly data?: Uint8Array | RawVerdict;
  /** NFT_SET_ELEM_*; 0 when absent. */
  readonly flags?: number;
}

/** A member of NFTA_SET_ELEM_LIST_ELEMENTS. */
export function writeElement(writer: MessageWriter, element: RawElement): void {
  const { key, keyEnd, data, flags } = element;
  const start = writer.open(NFTA_LIST_ELEM);
  if (flags !== undefined && flags !== 0) writer.u32BE(NFTA_SET_ELEM_FLAGS, flags);
  if (key !== undefined) writeValue(writer, NFTA_SET_ELEM_KEY, key);
  if (keyEnd !== undefined) writeValue(writer, NFTA_SET_ELEM_KEY_END, keyEnd);
  if (data instanceof Uint8Array) writeValue(writer, NFTA_SET_ELEM_DATA, data);
  else if (data !== undefined) writeVerdict(writer, data);
  writer.close(start);
}

function writeValue(writer: MessageWriter, type: number, value: Uint8Array): void {
  const at = valueRoom(writer, type, value.length);
  writer.memory.set(value, at);
}

/** A key or value of so many zeros; see `MessageWriter.room`. */
export function valueRoom(writer: MessageWriter, type: number, length: number): number {
  const start = writer.open(type);
  const at = writer.room(NFTA_DATA_VALUE, length);
  writer.close(start);
  return at;
}

export function writeVerdict(writer: MessageWriter, { code, chain }: RawVerdict): void {
  const data = writer.open(NFTA_SET_ELEM_DATA);
  const verdict = writer.open(NFTA_DATA_VERDICT);
  writer.u32BE(NFTA_VERDICT_CODE, code);
  if (chain !== undefined) writer.string(NFTA_VERDICT_CHAIN, chain);
  writer.close(verdict);
  writer.close(data);
}

/** The elements of one message of a NFT_MSG_GETSETELEM dump. Throws `netlink-malformed`. */
export function parseElements(message: NetlinkMessage): RawElement[] {
  const list = parseNetfilter(message).attributes.nested(NFTA_SET_ELEM_LIST_ELEMENTS);
  return (list?.all ?? [])
    .filter(({ type }) => type === NFTA_LIST_ELEM)
    .map(({ payload }) => parseElement(parseAttributes(payload)));
}

function parseElement(attributes: Attributes): RawElement {
  const flags = attributes.u32BE(NFTA_SET_ELEM_FLAGS) ?? 0;
  const key = parseValue(attributes.nested(NFTA_SET_ELEM_KEY));
  const keyEnd = parseValue(attributes.nested(NFTA_SET_ELEM_KEY_END));
  const data = parseData(attributes.nested(NFTA_SET_ELEM_DATA));
  return {
    ...(key !== undefined && { key }),
    ...(keyEnd !== undefined && { keyEnd }),
    ...(data !== undefined && { data }),
    ...(flags !== 0 && { flags }),
  };
}

function parseValue(data: Attributes | undefined): Buffer | undefined {
  return data?.bytes(NFTA_DATA_VALUE);
}

function parseData(data: Attributes | undefined): Buffer | RawVerdict | undefined {
  const verdict = data?.nested(NFTA_DATA_VERDICT);
  if (verdict === undefined) return parseValue(data);
  const code = verdict.u32BE(NFTA_VERDICT_CODE);
  if (code === undefined) throw malformed('verdict without a code');
  const chain = verdict.string(NFTA_VERDICT_CHAIN);
  // The kernel keeps verdicts as signed numbers.
  return { code: code | 0, ...(chain !== undefined && { chain }) };
}
