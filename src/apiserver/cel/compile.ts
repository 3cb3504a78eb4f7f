import { compileComprehension } from './comprehension.ts';
import { compileCall } from './call.ts';
import { CelError } from './error.ts';
import { spend, type Evaluate } from './frame.ts';
import type { Typed, TypedBind } from './typed.ts';
import { sizeOfMap, valueOfKey } from './values/maps.ts';
import { CelMap, isFields, none, Optional, type Value } from './values/value.ts';

/** What cel-go counts for making a list and a map. */
const listCost = 10;
const mapCost = 30;

type Compilers = { readonly [K in Typed['kind']]: (typed: Extract<Typed, { kind: K }>) => Evaluate };

/** By the kind of an expression. */
const compilers: Compilers = {
  literal:
    ({ value }) =>
    () =>
      value,
  variable,
  select: selection,
  call: (call) => compileCall(call, call.args.map(compile)),
  and: ({ left, right }) => logical(compile(left), compile(right), false),
  or: ({ left, right }) => logical(compile(left), compile(right), true),
  conditional,
  list: listLiteral,
  map: mapLiteral,
  comprehension: (walk) =>
    compileComprehension(walk, {
      range: compile(walk.range),
      test: walk.test && compile(walk.test),
      result: walk.result && compile(walk.result),
    }),
  bind,
};

/** Turns an expression into a function once, so that evaluating it looks nothing up. */
export function compile(typed: Typed): Evaluate {
  // The table has for each kind a function of that kind, which the compiler cannot tell from the pair.
  return (compilers[typed.kind] as (typed: Typed) => Evaluate)(typed);
}

function variable({ slot, name }: Extract<Typed, { kind: 'variable' }>): Evaluate {
  return (frame) => {
    spend(frame, 1);
    const value = frame.slots[slot];
    if (value === undefined) throw new CelError(`no such attribute(s): ${name}`);
    return value;
  };
}

function selection({ operand, field, form }: Extract<Typed, { kind: 'select' }>): Evaluate {
  const of = compile(operand);
  if (form === 'test') return (frame) => isPresent(of(frame), field);
  return (frame) => {
    spend(frame, 1);
    const value = of(frame);
    if (form === 'value' && !(value instanceof Optional)) return fieldOf(value, field);
    const within = value instanceof Optional ? value.value : value;
    const found = within === undefined ? undefined : find(within, field);
    return found === undefined ? none : new Optional(found);
  };
}

function fieldOf(value: Value, field: string): Value {
  const found = find(value, field);
  if (found === undefined) throw new CelError(`no such key: ${field}`);
  return found;
}

function find(value: Value, field: string): Value | undefined {
  if (!isFields(value) && !(value instanceof CelMap)) throw new CelError('no such overload');
  return valueOfKey(value, field);
}

function isPresent(value: Value, field: string): boolean {
  if (!(value instanceof Optional)) return find(value, field) !== undefined;
  return value.value !== undefined && find(value.value, field) !== undefined;
}

/** One side may decide alone, also where the other comes to no value. */
function logical(left: Evaluate, right: Evaluate, decides: boolean): Evaluate {
  return (frame) => {
    let failure: CelError;
    try {
      const one = truthOf(left(frame));
      return one === decides ? one : truthOf(right(frame));
    } catch (thrown) {
      if (!(thrown instanceof CelError)) throw thrown;
      failure = thrown;
    }
    // Where the left side failed the right may still decide; where the right one failed, it fails again.
    if (truthOf(right(frame)) === decides) return decides;
    throw failure;
  };
}

export function truthOf(value: Value): boolean {
  if (typeof value !== 'boolean') throw new CelError('no such overload');
  return value;
}

function conditional({ test, yes, no }: Extract<Typed, { kind: 'conditional' }>): Evaluate {
  const [condition, first, second] = [compile(test), compile(yes), compile(no)];
  return (frame) => (truthOf(condition(frame)) ? first(frame) : second(frame));
}

function listLiteral({ items }: Extract<Typed, { kind: 'list' }>): Evaluate {
  const compiled = items.map(({ value, optional }) => ({ evaluate: compile(value), optional }));
  if (items.every(({ value, optional }) => value.kind === 'literal' && !optional)) {
    const constant = compiled.map(({ evaluate }) => evaluate({ slots: [], left: 0 }));
    return (frame) => {
      spend(frame, listCost);
      return constant;
    };
  }
  return (frame) => {
    spend(frame, listCost);
    const list: Value[] = [];
    for (const { evaluate, optional } of compiled) {
      const value = optional ? contentOf(evaluate(frame)) : evaluate(frame);
      if (value !== undefined) list.push(value);
    }
    return list;
  };
}

function contentOf(value: Value): Value | undefined {
  if (!(value instanceof Optional))
    throw new CelError('cannot initialize optional entry from a value that is no optional');
  return value.value;
}

function mapLiteral({ entries }: Extract<Typed, { kind: 'map' }>): Evaluate {
  const compiled = entries.map(({ key, value, optional }) => ({
    key: compile(key),
    value: compile(value),
    optional,
  }));
  return (frame) => {
    spend(frame, mapCost);
    const made: [Value, Value][] = [];
    for (const { key, value, optional } of compiled) {
      const found = optional ? contentOf(value(frame)) : value(frame);
      if (found !== undefined) made.push([key(frame), found]);
    }
    const map = new CelMap(made);
    if (sizeOfMap(map) < made.length) throw new CelError('Failed with repeated key');
    return map;
  };
}

function bind({ form, slot, init, body }: TypedBind): Evaluate {
  const [first, then] = [compile(init), compile(body)];
  return (frame) => {
    const value = first(frame);
    const content = contentOf(value);
    if (content === undefined) return none;
    frame.slots[slot] = content;
    const result = then(frame);
    return form === 'optMap' ? new Optional(result) : result;
  };
}
