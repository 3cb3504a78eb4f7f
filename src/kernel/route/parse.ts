import { parseAddress, type Address } from '../../lib/address.ts';
import { parsePrefix, type Prefix } from '../../lib/prefix.ts';
import { parseMac } from '../../wire/netlink/mac.ts';
import { Refusal } from './refusal.ts';

/*
 * Texts of operations to values. All throw `Refusal` EINVAL naming what is wrong, before the kernel is asked.
 */

/**
 * A link's name as linux/if.h wants it: up to 15 bytes without space, slash or colon. A percent sign is refused
 * too: the kernel would take the name for a pattern.
 */
export function linkName(text: string): string {
  if (/^[!-~]{1,15}$/.test(text) && !/[/:%]/.test(text) && text !== '.' && text !== '..') return text;
  throw invalid('link name', text);
}

export function macBytes(text: string): Uint8Array {
  return parseMac(text) ?? fail('link-layer address', text);
}

export function address(text: string): Address {
  return parseAddress(text) ?? fail('address', text);
}

export function destination(text: string): Prefix {
  return parsePrefix(text) ?? fail('destination', text);
}

/** An address with the length of its prefix; host bits stay. */
export function addressWithLength(text: string): { address: Address; length: number } {
  const prefix = parsePrefix(text) ?? fail('address with prefix length', text);
  return { address: address(text.slice(0, text.indexOf('/'))), length: prefix.length };
}

/** An unsigned integer of at most `max`. */
export function integer(what: string, value: number, max: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw invalid(what, String(value));
}

function fail(what: string, text: string): never {
  throw invalid(what, text);
}

function invalid(what: string, text: string): Refusal {
  return new Refusal('EINVAL', `not a ${what}: ${JSON.stringify(text.slice(0, 80))}`);
}
