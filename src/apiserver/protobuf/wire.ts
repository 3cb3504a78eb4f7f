import { badRequest } from '../status.ts';

/** One field of a protobuf message as it is on the wire: a number for varints, bytes for everything else. */
export interface WireField {
  readonly number: number;
  readonly value: bigint | Uint8Array;
}

const wireTypes = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** The fields of a message in their order (protobuf encoding). Throws 400 where the bytes are not a message. */
export function* fieldsOf(bytes: Uint8Array): Generator<WireField> {
  const reader = { bytes, at: 0 };
  while (reader.at < bytes.length) {
    const tag = readVarint(reader);
    const number = Number(tag >> 3n);
    if (number === 0) throw broken();
    yield { number, value: readValue(reader, Number(tag & 7n)) };
  }
}

interface Reader {
  readonly bytes: Uint8Array;
  at: number;
}

function readValue(reader: Reader, wireType: number): bigint | Uint8Array {
  switch (wireType) {
    case wireTypes.varint:
      return readVarint(reader);
    case wireTypes.bytes:
      return take(reader, Number(readVarint(reader)));
    case wireTypes.fixed64:
      return take(reader, 8);
    case wireTypes.fixed32:
      return take(reader, 4);
    default:
      throw broken();
  }
}

/** All varints of a packed list. */
export function varintsOf(bytes: Uint8Array): bigint[] {
  const reader = { bytes, at: 0 };
  const values: bigint[] = [];
  while (reader.at < bytes.length) values.push(readVarint(reader));
  return values;
}

/** At most ten bytes of seven bits each, the lowest first. */
function readVarint(reader: Reader): bigint {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = reader.bytes[reader.at++];
    if (byte === undefined) break;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return BigInt.asUintN(64, value);
  }
  throw broken();
}

function take(reader: Reader, length: number): Uint8Array {
  const end = reader.at + length;
  if (end > reader.bytes.length) throw broken();
  const taken = reader.bytes.subarray(reader.at, end);
  reader.at = end;
  return taken;
}

export function broken(): Error {
  return badRequest('the body is not valid protobuf');
}
