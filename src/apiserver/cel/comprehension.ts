import { CelError } from './error.ts';
import { spend, type Evaluate, type Frame } from './frame.ts';
import type { MacroName } from './syntax/ast.ts';
import type { TypedComprehension } from './typed.ts';
import { entriesOf, keysOf } from './values/maps.ts';
import { CelMap, isFields, type Value } from './values/value.ts';

interface Parts {
  readonly range: Evaluate;
  readonly test: Evaluate | undefined;
  readonly result: Evaluate | undefined;
}

/** What one turn of a walk costs besides what it evaluates: cel-go counts its condition and its step. */
export const turnCost: Readonly<Record<MacroName, number>> = {
  all: 3,
  exists: 4,
  exists_one: 2,
  filter: 13,
  map: 13,
  transformMap: 33,
};

/** A walk over a list or the keys of a map; with two variables over indexes or keys, and values. */
export function compileComprehension({ macro, slots }: TypedComprehension, parts: Parts): Evaluate {
  const walk = walks[macro](parts);
  const [first = 0, second] = slots;
  return (frame) => {
    const range = parts.range(frame);
    const place = (key: Value, value: Value): void => {
      spend(frame, turnCost[macro]);
      frame.slots[first] = key;
      if (second !== undefined) frame.slots[second] = value;
    };
    return walk(frame, { turns: turnsOf(range, second !== undefined), place });
  };
}

/** What the variables are in each turn: with one variable only the first counts. */
interface Walk {
  readonly turns: readonly (readonly [Value, Value])[];
  readonly place: (key: Value, value: Value) => void;
}

function turnsOf(range: Value, two: boolean): readonly (readonly [Value, Value])[] {
  if (Array.isArray(range)) return range.map((item: Value, i) => (two ? [BigInt(i), item] : [item, item]));
  if (!(range instanceof CelMap) && !isFields(range)) throw new CelError('no such overload');
  return two ? entriesOf(range) : keysOf(range).map((key) => [key, key]);
}

type Make = (parts: Parts) => (frame: Frame, walk: Walk) => Value;

const walks: Readonly<Record<MacroName, Make>> = {
  all: (parts) => quantified(parts, false),
  exists: (parts) => quantified(parts, true),
  exists_one:
    ({ test }) =>
    (frame, { turns, place }) => {
      let count = 0;
      for (const [key, value] of turns) {
        place(key, value);
        if (passes(test, frame)) count++;
      }
      return count === 1;
    },
  filter:
    ({ test }) =>
    (frame, { turns, place }) => {
      const kept: Value[] = [];
      for (const [key, value] of turns) {
        place(key, value);
        if (passes(test, frame)) kept.push(value);
      }
      return kept;
    },
  map:
    ({ test, result }) =>
    (frame, { turns, place }) => {
      const made: Value[] = [];
      for (const [key, value] of turns) {
        place(key, value);
        if (passes(test, frame)) made.push(result?.(frame) ?? value);
      }
      return made;
    },
  transformMap:
    ({ test, result }) =>
    (frame, { turns, place }) => {
      const made: [Value, Value][] = [];
      for (const [key, value] of turns) {
        place(key, value);
        if (passes(test, frame)) made.push([key, result?.(frame) ?? value]);
      }
      return new CelMap(made);
    },
};

function passes(test: Evaluate | undefined, frame: Frame): boolean {
  if (test === undefined) return true;
  const value = test(frame);
  if (typeof value !== 'boolean') throw new CelError('no such overload');
  return value;
}

/** One item decides, also where others come to no value. */
function quantified({ test }: Parts, decides: boolean): (frame: Frame, walk: Walk) => Value {
  return (frame, { turns, place }) => {
    let failure: CelError | undefined;
    for (const [key, value] of turns) {
      place(key, value);
      try {
        if (passes(test, frame) === decides) return decides;
      } catch (thrown) {
        if (!(thrown instanceof CelError)) throw thrown;
        failure ??= thrown;
      }
    }
    if (failure !== undefined) throw failure;
    return !decides;
  };
}
