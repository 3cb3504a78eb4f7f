import { attributeHeaderSize } from '../netlink/attributes.ts';
import { align4, malformed } from '../netlink/bytes.ts';
import type { NetlinkMessage } from '../netlink/message.ts';
import { netfilterHeaderSize } from './header.ts';
import {
  NFTA_DATA_VERDICT,
  NFTA_LIST_ELEM,
  NFTA_SET_ELEM_DATA,
  NFTA_SET_ELEM_FLAGS,
  NFTA_SET_ELEM_KEY,
  NFTA_SET_ELEM_KEY_END,
  NFTA_SET_ELEM_LIST_ELEMENTS,
} from './set-element.ts';

/**
 * Told of each element: what tells it from others of its set, and what it maps to (empty in a set). Both are bytes,
 * one in a character, and are equal for equal elements, whether we encoded them or the kernel did.
 */
export type ElementVisitor = (id: string, data: string) => void;

/**
 * Reads the elements of one message of a NFT_MSG_GETSETELEM dump without making objects of them: for comparing whole
 * sets. Throws `netlink-malformed`.
 */
export function visitDumped({ payload }: NetlinkMessage, visit: ElementVisitor): void {
  if (payload.length < netfilterHeaderSize) throw malformed('message without its netfilter header');
  walk(payload, netfilterHeaderSize, payload.length, (type, from, to) => {
    if (type === NFTA_SET_ELEM_LIST_ELEMENTS) visitElements(payload.subarray(from, to), visit);
  });
}

/** Reads what `writeElement` wrote, of any number of elements. */
export function visitElements(list: Buffer, visit: ElementVisitor): void {
  walk(list, 0, list.length, (type, from, to) => {
    if (type === NFTA_LIST_ELEM) visitElement(list, { from, to }, visit);
  });
}

function visitElement(
  bytes: Buffer,
  { from, to }: { from: number; to: number },
  visit: ElementVisitor,
): void {
  let [key, keyEnd, data, flags] = ['', '', '', ''];
  walk(bytes, from, to, (type, start, end) => {
    if (type === NFTA_SET_ELEM_KEY) key = valueText(bytes, start, end);
    else if (type === NFTA_SET_ELEM_KEY_END) keyEnd = valueText(bytes, start, end);
    else if (type === NFTA_SET_ELEM_DATA) data = valueText(bytes, start, end);
    else if (type === NFTA_SET_ELEM_FLAGS) flags = bytes.toString('latin1', start, end);
  });
  // Nothing between them: in one set each is as long in every element.
  visit(`${key}${keyEnd}${flags}`, data);
}

/** Of NFTA_DATA_VALUE the value; of NFTA_DATA_VERDICT its code and chain. */
function valueText(bytes: Buffer, from: number, to: number): string {
  let text = '';
  walk(bytes, from, to, (type, start, end) => {
    if (type !== NFTA_DATA_VERDICT) text += bytes.toString('latin1', start, end);
    else walk(bytes, start, end, (_, first, last) => void (text += bytes.toString('latin1', first, last)));
  });
  return text;
}

const typeMask = 0x3fff;

function walk(
  bytes: Buffer,
  from: number,
  to: number,
  visit: (type: number, from: number, to: number) => void,
): void {
  for (let at = from; to - at >= attributeHeaderSize;) {
    const length = bytes.readUInt16LE(at);
    if (length < attributeHeaderSize || length > to - at) {
      throw malformed(`attribute of ${length} bytes at ${at} of ${to}`);
    }
    visit(bytes.readUInt16LE(at + 2) & typeMask, at + attributeHeaderSize, at + length);
    at += align4(length);
  }
}
