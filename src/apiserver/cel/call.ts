import { CelError } from './error.ts';
import { spend, type Evaluate } from './frame.ts';
import type { Overload } from './overload.ts';
import { isOfType, typeNameOf } from './type-names.ts';
import type { TypedCall } from './typed.ts';
import { sizeOfMap } from './values/maps.ts';
import { CelMap, isFields, type Value } from './values/value.ts';

type Run = (...args: Value[]) => Value;

/** A call of a function. Where the types leave several forms of it possible, the values choose. */
export function compileCall(
  { name, overloads, args: typed }: TypedCall,
  args: readonly Evaluate[],
): Evaluate {
  const [only, ...others] = overloads;
  const certain =
    only !== undefined &&
    others.length === 0 &&
    typed.every(({ type }, i) => isCertain(type.kind, only.args[i]?.kind));
  if (!certain) return dynamic(name, overloads, args);
  const run = only.run as unknown as Run;
  const { cost } = only;
  const [first, second] = args;
  if (first !== undefined && second === undefined)
    return (frame) => {
      const value = first(frame);
      spend(frame, cost([sizeOf(value)]));
      return run(value);
    };
  if (first !== undefined && second !== undefined && args.length === 2)
    return (frame) => {
      const [one, other] = [first(frame), second(frame)];
      spend(frame, cost([sizeOf(one), sizeOf(other)]));
      return run(one, other);
    };
  return (frame) => {
    const values = args.map((arg) => arg(frame));
    spend(frame, cost(values.map(sizeOf)));
    return run(...values);
  };
}

/** Whether a type says enough for the form of a function to be sure of its argument. */
function isCertain(given: string, wanted: string | undefined): boolean {
  return wanted === 'dyn' || wanted === 'param' || (given !== 'dyn' && given !== 'null');
}

function dynamic(name: string, overloads: readonly Overload[], args: readonly Evaluate[]): Evaluate {
  return (frame) => {
    const values = args.map((arg) => arg(frame));
    const found = overloads.find((one) => one.args.every((type, i) => isOfType(values[i] ?? null, type)));
    if (found === undefined) {
      const shown = values.map(typeNameOf).join(', ');
      throw new CelError(`no such overload: ${name}(${shown})`);
    }
    spend(frame, found.cost(values.map(sizeOf)));
    return (found.run as unknown as Run)(...values);
  };
}

/** What a value counts in the cost of a function. */
export function sizeOf(value: Value): number {
  if (typeof value === 'string' || Array.isArray(value) || value instanceof Uint8Array) return value.length;
  if (value instanceof CelMap || isFields(value)) return sizeOfMap(value);
  return 1;
}
