import {
  NFTA_LIST_ELEM,
  NFTA_SET_ELEM_DATA,
  NFTA_SET_ELEM_KEY,
  valueRoom,
  writeElement,
  writeVerdict,
} from '../../wire/nfnetlink/set-element.ts';
import type { MessageWriter } from '../../wire/netlink/writer.ts';
import { encodeData, encodeElement, valueOrder } from './element-codec.ts';
import type { NftElement, NftSetType, NftType, NftValue } from './port.ts';
import { sizeOf, writeValues } from './values.ts';

/**
 * Writes what the kernel is sent for one element, as `encodeElement` has it. Tables have many thousands of them, most of
 * them of sets without intervals: those are written in place. Throws `nft-value`.
 */
export function writeNftElement(writer: MessageWriter, type: NftSetType, element: NftElement): void {
  const { value } = element;
  if (type.interval === true || element.keyEnd !== undefined) {
    for (const raw of encodeElement(type, element)) writeElement(writer, raw);
    return;
  }
  const start = writer.open(NFTA_LIST_ELEM);
  writeInPlace(writer, NFTA_SET_ELEM_KEY, { types: type.key, values: element.key });
  if (type.value !== undefined && value !== undefined && !('verdict' in value)) {
    writeInPlace(writer, NFTA_SET_ELEM_DATA, { types: type.value, values: value });
  } else {
    const verdict = encodeData(type, element);
    if (verdict !== undefined && 'code' in verdict) writeVerdict(writer, verdict);
  }
  writer.close(start);
}

interface Typed {
  readonly types: readonly NftType[];
  readonly values: readonly NftValue[];
}

function writeInPlace(writer: MessageWriter, attribute: number, { types, values }: Typed): void {
  const at = valueRoom(writer, attribute, sizeOf(types));
  writeValues(types, values, { into: writer.memory, at, order: valueOrder });
}
