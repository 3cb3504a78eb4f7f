import { WeftError } from '../../lib/errors.ts';
import {
  NF_ACCEPT,
  NF_DROP,
  NFT_GOTO,
  NFT_JUMP,
  NFT_RETURN,
  NFT_SET_ELEM_CATCHALL,
  NFT_SET_ELEM_INTERVAL_END,
  type RawElement,
  type RawVerdict,
} from '../../wire/nfnetlink/set-element.ts';
import type { NftElement, NftSetType, NftVerdict } from './port.ts';
import { decodeValues, encodeValues, type ByteOrder } from './values.ts';

const codes = {
  accept: NF_ACCEPT,
  drop: NF_DROP,
  return: NFT_RETURN,
  jump: NFT_JUMP,
  goto: NFT_GOTO,
} as const;
const verdicts: ReadonlyMap<number, NftVerdict['verdict']> = new Map([
  [NF_ACCEPT, 'accept'],
  [NF_DROP, 'drop'],
  [NFT_RETURN, 'return'],
  [NFT_JUMP, 'jump'],
  [NFT_GOTO, 'goto'],
]);

/** Values of maps are always in the machine's order. */
export const valueOrder: ByteOrder = { markOrder: 'host' };

function keyOrder(type: NftSetType): ByteOrder {
  return { markOrder: type.interval === true ? 'network' : 'host' };
}

/**
 * What the kernel is sent for one element: one raw element, or two for an interval of a single component, whose
 * second one marks the first key behind it (missing where the interval reaches the greatest key). Intervals of
 * concatenations carry their end themselves. Throws `nft-value`.
 */
export function encodeElement(type: NftSetType, element: NftElement): RawElement[] {
  const order = keyOrder(type);
  const key = encodeValues(type.key, element.key, order);
  const data = encodeData(type, element);
  const raw = { key, ...(data !== undefined && { data }) };
  if (type.interval !== true) {
    if (element.keyEnd !== undefined) throw new WeftError('nft-value', 'keyEnd in a set without intervals');
    return [raw];
  }
  const last = encodeValues(type.key, element.keyEnd ?? element.key, order);
  if (type.key.length > 1) return [{ ...raw, keyEnd: last }];
  if (Buffer.compare(key, last) > 0)
    throw new WeftError('nft-value', 'an interval that ends before it starts');
  const behind = keyBehind(last);
  return behind === undefined ? [raw] : [raw, { key: behind, flags: NFT_SET_ELEM_INTERVAL_END }];
}

export function encodeData(type: NftSetType, { value }: NftElement): Uint8Array | RawVerdict | undefined {
  if (type.value === undefined) {
    if (value !== undefined) throw new WeftError('nft-value', 'a value in a set that is no map');
    return undefined;
  }
  if (value === undefined) throw new WeftError('nft-value', 'an entry of a map without a value');
  if (!('verdict' in value)) return encodeValues(type.value, value, valueOrder);
  if (type.value[0] !== 'verdict') throw new WeftError('nft-value', 'a verdict in a map of values');
  const { verdict, chain } = value;
  if ((verdict === 'jump' || verdict === 'goto') !== (chain !== undefined)) {
    throw new WeftError(
      'nft-value',
      `verdict ${verdict} ${chain === undefined ? 'without' : 'with'} a chain`,
    );
  }
  return { code: codes[verdict], ...(chain !== undefined && { chain }) };
}

/** The key after this one in the order of bytes; undefined after the greatest. */
function keyBehind(key: Buffer): Buffer | undefined {
  const next = Buffer.from(key);
  for (let at = next.length - 1; at >= 0; at--) {
    next[at] = ((next[at] ?? 0) + 1) & 0xff;
    if (next[at] !== 0) return next;
  }
  return undefined;
}

function keyBefore(key: Buffer): Buffer {
  const previous = Buffer.from(key);
  for (let at = previous.length - 1; at >= 0; at--) {
    previous[at] = ((previous[at] ?? 0) - 1) & 0xff;
    if (previous[at] !== 0xff) break;
  }
  return previous;
}

/**
 * The elements of a whole set; the catch-all element, for which `NftElement` has no form, is left out. Throws
 * `nft-malformed` when they are not of this type.
 */
export function decodeElements(type: NftSetType, raw: readonly RawElement[]): NftElement[] {
  const keyed = raw.flatMap((element) =>
    element.key === undefined || ((element.flags ?? 0) & NFT_SET_ELEM_CATCHALL) !== 0
      ? []
      : [{ ...element, key: Buffer.from(element.key) }],
  );
  if (type.interval === true && type.key.length === 1) return decodeIntervals(type, keyed);
  return keyed.map((element) => decodeElement(type, element));
}

interface KeyedElement extends RawElement {
  readonly key: Buffer;
}

function decodeElement(type: NftSetType, { key, keyEnd, data }: KeyedElement): NftElement {
  const order = keyOrder(type);
  const range = keyEnd !== undefined && Buffer.compare(key, keyEnd) !== 0;
  const value = decodeData(type, data);
  return {
    key: decodeValues(type.key, key, order),
    ...(range && { keyEnd: decodeValues(type.key, keyEnd, order) }),
    ...(value !== undefined && { value }),
  };
}

function decodeData(type: NftSetType, data: RawElement['data']): NftElement['value'] {
  if (type.value === undefined) return undefined;
  if (data === undefined) throw new WeftError('nft-malformed', 'an entry of a map without a value');
  if (data instanceof Uint8Array) return decodeValues(type.value, data, valueOrder);
  const verdict = type.value[0] === 'verdict' ? verdicts.get(data.code) : undefined;
  if (verdict === undefined) throw new WeftError('nft-malformed', `verdict ${data.code}`);
  return { verdict, ...(data.chain !== undefined && { chain: data.chain }) };
}

/** Pairs starts with ends. Ends without a start, which nft writes before the first interval, mean nothing. */
function decodeIntervals(type: NftSetType, raw: readonly KeyedElement[]): NftElement[] {
  const isEnd = ({ flags }: KeyedElement): boolean => ((flags ?? 0) & NFT_SET_ELEM_INTERVAL_END) !== 0;
  // Where one interval ends and the next begins at the same key, the end comes first.
  const ordered = raw.toSorted((a, b) => Buffer.compare(a.key, b.key) || Number(isEnd(b)) - Number(isEnd(a)));
  const found: NftElement[] = [];
  for (const [index, element] of ordered.entries()) {
    if (isEnd(element)) continue;
    const next = ordered[index + 1];
    const keyEnd = next === undefined ? Buffer.alloc(element.key.length, 0xff) : keyBefore(next.key);
    found.push(decodeElement(type, { ...element, keyEnd }));
  }
  return found;
}
