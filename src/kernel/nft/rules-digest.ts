import { createHash } from 'node:crypto';

/** 32 bits over rules, each with its chain, in their order. */
export function digestOf(rules: readonly string[]): number {
  return createHash('sha256').update(JSON.stringify(rules)).digest().readUInt32BE();
}
