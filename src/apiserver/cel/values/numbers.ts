import { CelError } from '../error.ts';

export const mostInt = 2n ** 63n - 1n;
export const leastInt = -(2n ** 63n);
export const mostUint = 2n ** 64n - 1n;

/** The number, where 64 bits hold it; throws otherwise. */
export function int64(value: bigint, what = 'integer overflow'): bigint {
  if (value > mostInt || value < leastInt) throw new CelError(what);
  return value;
}

export function uint64(value: bigint, what = 'unsigned integer overflow'): bigint {
  if (value > mostUint || value < 0n) throw new CelError(what);
  return value;
}
