import { typeOf, type CelType } from './types.ts';
import type { Value } from './values/value.ts';

/** One form of a function. */
export interface Overload {
  readonly name: string;
  /** The receiver of a method comes first. */
  readonly isMethod: boolean;
  readonly args: readonly CelType[];
  readonly result: CelType;
  readonly run: (...args: never[]) => Value;
  /** What a call costs, by the sizes of its arguments. */
  readonly cost: Sized;
  /** How large the result is at most, by the sizes of the arguments; undefined where nothing is known. */
  readonly size: Sized | undefined;
}

/** Sizes are characters, items or entries, and 1 of everything else. */
export type Sized = (sizes: readonly number[]) => number;

export interface OverloadOptions {
  readonly cost?: Sized;
  readonly size?: Sized;
}

const one: Sized = () => 1;

/**
 * Declares a form of a function by its signature: `string.contains(string) -> bool` is a method, `size(list<A>) ->
 * int` is not; `ip.isCanonical(string) -> bool`, with a name that no type has before the dot, neither.
 */
export function overload(
  signature: string,
  // Of values that the signature says: its author sees to that.
  run: (...args: never[]) => Value,
  { cost = one, size }: OverloadOptions = {},
): Overload {
  const [, receiver = '', name = '', params = '', result = ''] =
    /^(?:(.+)\.)?([^.(]+)\((.*)\) -> (.+)$/.exec(signature) ?? [];
  const types = params === '' ? [] : splitParams(params).map(typeOf);
  const isNamespace = receiver.startsWith('@');
  const isMethod = receiver !== '' && !isNamespace;
  return {
    name: isNamespace ? `${receiver.slice(1)}.${name}` : name,
    isMethod,
    args: isMethod ? [typeOf(receiver), ...types] : types,
    result: typeOf(result),
    run,
    cost,
    size,
  };
}

/** At commas that are in no brackets. */
function splitParams(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (const [i, letter] of Array.from(text).entries()) {
    if (letter === '<') depth++;
    else if (letter === '>') depth--;
    else if (letter === ',' && depth === 0) {
      parts.push(text.slice(from, i));
      from = i + 1;
    }
  }
  return [...parts, text.slice(from)];
}

/** A tenth of the characters that are read: what cel-go counts for a walk over a text. */
export function textCost(size: number): number {
  return Math.ceil(size * 0.1);
}

/** For functions that read their first argument through. */
export const readsFirst: Sized = ([first = 0]) => textCost(first);

/** For functions that match a pattern, the second argument, on a text. */
export const matchesPattern: Sized = ([text = 0, pattern = 0]) =>
  textCost(text + 1) * Math.ceil(pattern * 0.25);
