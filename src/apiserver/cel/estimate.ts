import { turnCost } from './comprehension.ts';
import type { Typed, TypedCall, TypedComprehension } from './typed.ts';
import type { CelType } from './types.ts';

/** How many characters, items or entries a value has at most, where nothing limits it: what a request can hold. */
export const mostOfRequest = 3 * 1024 * 1024 - 2;

interface Estimate {
  readonly cost: number;
  /** Of the value. */
  readonly size: number;
}

/** What an expression may cost at most, as far as the limits of its types tell (as cel-go's checker estimates). */
export function estimate(typed: Typed): number {
  return estimateOf(typed).cost;
}

type Estimators = { readonly [K in Typed['kind']]: (typed: Extract<Typed, { kind: K }>) => Estimate };

/** By the kind of an expression. */
const estimators: Estimators = {
  literal: ({ type }) => ({ cost: 0, size: sizeOfType(type) }),
  variable: ({ type }) => ({ cost: 1, size: sizeOfType(type) }),
  select: ({ operand, form, type }) => ({
    cost: estimateOf(operand).cost + (form === 'test' ? 0 : 1),
    size: sizeOfType(type),
  }),
  call: callEstimate,
  and: ({ left, right }) => ({ cost: sum([left, right]), size: 1 }),
  or: ({ left, right }) => ({ cost: sum([left, right]), size: 1 }),
  conditional: ({ test, yes, no }) => {
    const [one, other] = [estimateOf(yes), estimateOf(no)];
    return {
      cost: estimateOf(test).cost + Math.max(one.cost, other.cost),
      size: Math.max(one.size, other.size),
    };
  },
  list: ({ items }) => ({ cost: 10 + sum(items.map(({ value }) => value)), size: items.length }),
  map: ({ entries }) => ({
    cost: 30 + sum(entries.flatMap(({ key, value }) => [key, value])),
    size: entries.length,
  }),
  comprehension: comprehensionEstimate,
  bind: ({ init, body }) => ({ cost: sum([init, body]), size: estimateOf(body).size }),
};

function estimateOf(typed: Typed): Estimate {
  // As in `compile`: the pair of kind and function is right by the table's type.
  return (estimators[typed.kind] as (typed: Typed) => Estimate)(typed);
}

function sum(all: readonly Typed[]): number {
  return all.reduce((total, one) => total + estimateOf(one).cost, 0);
}

function callEstimate({ overloads, args, type }: TypedCall): Estimate {
  const inner = args.map(estimateOf);
  const sizes = inner.map(({ size }) => size);
  const own = Math.max(...overloads.map(({ cost }) => cost(sizes)));
  const known = overloads.map(({ size }) => size?.(sizes)).filter((size) => size !== undefined);
  const size = known.length === 0 ? sizeOfType(type) : Math.max(...known);
  return {
    cost: own + inner.reduce((total, { cost }) => total + cost, 0),
    size: Math.min(size, mostOfRequest * 10),
  };
}

function comprehensionEstimate({ macro, range, test, result, type }: TypedComprehension): Estimate {
  const over = estimateOf(range);
  const turn = turnCost[macro] + sum([test, result].filter((one) => one !== undefined));
  const makes = macro === 'filter' || macro === 'map' || macro === 'transformMap';
  return { cost: over.cost + 1 + over.size * turn, size: makes ? over.size : sizeOfType(type) };
}

function sizeOfType(type: CelType): number {
  if (type.kind === 'optional') return sizeOfType(type.of);
  if (type.kind === 'dyn') return mostOfRequest;
  const hasSize =
    type.kind === 'string' || type.kind === 'bytes' || type.kind === 'list' || type.kind === 'map';
  return hasSize ? (type.most ?? mostOfRequest) : 1;
}
