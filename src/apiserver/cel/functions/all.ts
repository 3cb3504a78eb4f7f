import type { Overload } from '../overload.ts';
import { conversions } from './conversions.ts';
import { formats } from './formats.ts';
import { lists } from './lists.ts';
import { network } from './network.ts';
import { operators } from './operators.ts';
import { optional } from './optional.ts';
import { quantity } from './quantity.ts';
import { strings } from './strings.ts';
import { time } from './time.ts';

const groups = [operators, conversions, strings, time, lists, optional, network, quantity, formats];

const methods = new Map<string, readonly Overload[]>();
const functions = new Map<string, readonly Overload[]>();
for (const one of groups.flat()) {
  const names = one.isMethod ? methods : functions;
  names.set(one.name, [...(names.get(one.name) ?? []), one]);
}

/** The forms of a function, or of a method; none where there is no such. */
export function overloadsOf(name: string, isMethod: boolean): readonly Overload[] {
  return (isMethod ? methods : functions).get(name) ?? [];
}
