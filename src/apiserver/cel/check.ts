import type { Bind, Call, Comprehension, Expr, List, MapExpr, Select } from './syntax/ast.ts';
import { overloadsOf } from './functions/all.ts';
import { patternOf } from '../regexp.ts';
import { parseDuration, parseTimestamp } from './values/time.ts';
import type { Overload } from './overload.ts';
import type { Typed } from './typed.ts';
import { fits, listOf, mapOf, resolved, types, typeText, type Binding, type CelType } from './types.ts';
import { literalType, typeNames } from './type-names.ts';

export interface Problem {
  readonly message: string;
  readonly at: number;
}

/** A variable that an expression may name. */
export interface Variable {
  readonly name: string;
  readonly type: CelType;
}

export interface Checked {
  readonly typed: Typed;
  readonly problems: readonly Problem[];
  /** Values that have to be kept at once. */
  readonly slots: number;
  /** Names of the given variables that are used. */
  readonly used: ReadonlySet<string>;
}

/**
 * Finds the type of everything in an expression, and what every name in it is. The variables have the first slots,
 * in their order. With problems the result is not to be evaluated.
 */
export function check(expr: Expr, variables: readonly Variable[]): Checked {
  const checker = new Checker(variables);
  const typed = checker.expression(expr);
  return { typed, problems: checker.problems, slots: checker.slots, used: checker.used };
}

interface Bound {
  readonly slot: number;
  readonly type: CelType;
  readonly given: boolean;
}

class Checker {
  readonly problems: Problem[] = [];
  readonly used = new Set<string>();
  slots: number;
  #scope: ReadonlyMap<string, Bound>;

  constructor(variables: readonly Variable[]) {
    this.slots = variables.length;
    this.#scope = new Map(variables.map(({ name, type }, slot) => [name, { slot, type, given: true }]));
  }

  expression(expr: Expr): Typed {
    switch (expr.kind) {
      case 'literal':
        return { kind: 'literal', value: expr.value, type: literalType(expr.value) };
      case 'ident':
        return this.#ident(expr.name, expr.at);
      case 'select':
        return this.#select(expr);
      case 'call':
        return this.#call(expr);
      case 'list':
        return this.#list(expr);
      case 'map':
        return this.#map(expr);
      case 'comprehension':
        return this.#comprehension(expr);
      case 'bind':
      default:
        return this.#bind(expr);
    }
  }

  #ident(name: string, at: number): Typed {
    const bound = this.#scope.get(name);
    if (bound !== undefined) {
      if (bound.given) this.used.add(name);
      return { kind: 'variable', slot: bound.slot, name, type: bound.type };
    }
    const type = typeNames.get(name);
    if (type !== undefined) return { kind: 'literal', value: type, type: types.type };
    return this.#problem(`undeclared reference to '${name}' (in container '')`, at);
  }

  #select({ operand, field, form, at }: Select): Typed {
    const typed = this.expression(operand);
    const inner = typed.type.kind === 'optional' ? typed.type.of : typed.type;
    const found = this.#fieldType(inner, field, at);
    const isOptional = typed.type.kind === 'optional' || form === 'optional';
    const value: CelType = isOptional ? { kind: 'optional', of: found } : found;
    const name = inner.kind === 'object' ? nameIn(inner.fields, field) : field;
    return { kind: 'select', operand: typed, field: name, form, type: form === 'test' ? types.bool : value };
  }

  #fieldType(type: CelType, field: string, at: number): CelType {
    if (type.kind === 'dyn') return types.dyn;
    if (type.kind === 'map') return type.value;
    if (type.kind === 'object') {
      const found = type.fields.get(nameIn(type.fields, field));
      if (found === undefined) this.problems.push({ message: `undefined field '${field}'`, at });
      return found ?? types.dyn;
    }
    this.problems.push({
      message: `type '${typeText(type)}' does not support field selection`,
      at,
    });
    return types.dyn;
  }

  #call(call: Call): Typed {
    const { name, target, args, at } = call;
    const namespaced = target === undefined ? undefined : this.#namespaced(target, name);
    if (namespaced !== undefined)
      return this.#apply(
        namespaced,
        args.map((arg) => this.expression(arg)),
        { name, at, isMethod: false },
      );
    const all = target === undefined ? args : [target, ...args];
    // A text is made of anything, so that the list may hold different types.
    const isFormat = name === 'format' && target !== undefined;
    const typed = all.map((arg, i) =>
      isFormat && i === 1 && arg.kind === 'list' ? this.#anyList(arg) : this.expression(arg),
    );
    const logic = target === undefined ? this.#logic(name, typed, at) : undefined;
    if (logic !== undefined) return logic;
    const isMethod = target !== undefined;
    return this.#apply(overloadsOf(name, isMethod), typed, { name, at, isMethod });
  }

  /** Functions like `optional.of`, whose name has a dot; a variable of that name goes first. */
  #namespaced(target: Expr, name: string): readonly Overload[] | undefined {
    if (target.kind !== 'ident' || this.#scope.has(target.name)) return undefined;
    const found = overloadsOf(`${target.name}.${name}`, false);
    return found.length === 0 ? undefined : found;
  }

  /** Operators that do without one of their operands. */
  #logic(name: string, args: readonly Typed[], at: number): Typed | undefined {
    const [first, second, third] = args;
    if (first === undefined || second === undefined) return undefined;
    const and = name === '_&&_';
    if (and || name === '_||_') {
      if (!isBool(first) || !isBool(second)) return this.#noOverload(name, args, { at, isMethod: false });
      return { kind: and ? 'and' : 'or', left: first, right: second, type: types.bool };
    }
    if (name !== '_?_:_' || third === undefined) return undefined;
    if (!isBool(first) || !areAlike(second.type, third.type))
      return this.#noOverload(name, args, { at, isMethod: false });
    return {
      kind: 'conditional',
      test: first,
      yes: second,
      no: third,
      type: joined(second.type, third.type),
    };
  }

  #apply(
    overloads: readonly Overload[],
    args: readonly Typed[],
    { name, at, isMethod }: { name: string; at: number; isMethod: boolean },
  ): Typed {
    if (overloads.length === 0)
      return this.#problem(`undeclared reference to '${name}' (in container '')`, at);
    const possible: Overload[] = [];
    const results: CelType[] = [];
    for (const one of overloads) {
      const binding: Binding = new Map();
      if (one.args.length !== args.length) continue;
      if (!args.every(({ type }, i) => fits(type, one.args[i] ?? types.dyn, binding))) continue;
      possible.push(one);
      results.push(resolved(one.result, binding));
    }
    const [first] = results;
    if (first === undefined) return this.#noOverload(name, args, { at, isMethod });
    const type = results.every((one) => typeText(one) === typeText(first)) ? first : types.dyn;
    this.#checkLiteral(name, args, at);
    return { kind: 'call', name, overloads: possible, args, type };
  }

  /** What is certain to fail is refused beforehand: a text that is no pattern, time or span. */
  #checkLiteral(name: string, args: readonly Typed[], at: number): void {
    const reads = literalChecks.get(name);
    const last = args.at(-1);
    if (reads === undefined || last?.kind !== 'literal' || typeof last.value !== 'string') return;
    if (!reads(last.value)) this.problems.push({ message: `invalid ${name} argument`, at: at + 1 });
  }

  #noOverload(
    name: string,
    args: readonly Typed[],
    { at, isMethod }: { at: number; isMethod: boolean },
  ): Typed {
    const [receiver, ...rest] = args.map(({ type }) => typeText(type));
    const shown = isMethod ? `${receiver}.(${rest.join(', ')})` : `(${[receiver, ...rest].join(', ')})`;
    // An argument that is already wrong says enough.
    return this.#problem(`found no matching overload for '${name}' applied to '${shown}'`, at);
  }

  #list({ items }: List): Typed {
    const typed = items.map(({ value, optional }) => ({ value: this.expression(value), optional }));
    const item = this.#common(
      typed.map(({ value, optional }) => (optional ? contentOf(value.type) : value.type)),
      items.map(({ value }) => value.at),
    );
    return { kind: 'list', items: typed, type: listOf(item, items.length) };
  }

  #anyList({ items }: List): Typed {
    const typed = items.map(({ value, optional }) => ({ value: this.expression(value), optional }));
    return { kind: 'list', items: typed, type: listOf(types.dyn, items.length) };
  }

  #map({ entries }: MapExpr): Typed {
    const typed = entries.map(({ key, value, optional }) => ({
      key: this.expression(key),
      value: this.expression(value),
      optional,
    }));
    const key = this.#common(
      typed.map((it) => it.key.type),
      entries.map((it) => it.key.at),
    );
    const value = this.#common(
      typed.map((it) => (it.optional ? contentOf(it.value.type) : it.value.type)),
      entries.map((it) => it.value.at),
    );
    return { kind: 'map', entries: typed, type: mapOf(key, value, entries.length) };
  }

  /** Items of a literal are of one type. */
  #common(all: readonly CelType[], at: readonly number[]): CelType {
    const [first, ...rest] = all;
    if (first === undefined) return types.dyn;
    return rest.reduce((common, type, i) => {
      if (fits(type, common, new Map()) || fits(common, type, new Map())) return joined(common, type);
      const message = `expected type '${typeText(common)}' but found '${typeText(type)}'`;
      this.problems.push({ message, at: at[i + 1] ?? 0 });
      return common;
    }, first);
  }

  #comprehension({ macro, range, vars, test, result, at }: Comprehension): Typed {
    const over = this.expression(range);
    const slots: number[] = [];
    const itemTypes = this.#itemTypes(over.type, vars.length, range.at);
    const [typedTest, typedResult] = this.#within(vars, itemTypes, slots, () => [
      test && this.expression(test),
      result && this.expression(result),
    ]);
    if (typedTest !== undefined && !isBool(typedTest))
      this.problems.push({
        message: `expected type 'bool' but found '${typeText(typedTest.type)}'`,
        at: test?.at ?? at,
      });
    const type = comprehensionType(macro, {
      over: over.type,
      item: itemTypes.at(-1) ?? types.dyn,
      result: typedResult?.type,
    });
    return { kind: 'comprehension', macro, range: over, slots, test: typedTest, result: typedResult, type };
  }

  #itemTypes(type: CelType, count: number, at: number): CelType[] {
    if (type.kind === 'list') return count === 1 ? [type.item] : [types.int, type.item];
    if (type.kind === 'map') return count === 1 ? [type.key] : [type.key, type.value];
    if (type.kind !== 'dyn')
      this.problems.push({
        message: `expression of type '${typeText(type)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
        at,
      });
    return [types.dyn, types.dyn].slice(0, count);
  }

  /** Checks something in which these names are variables; their slots are added to `slots`. */
  // eslint-disable-next-line max-params -- names, their types, their slots, and what sees them
  #within<T>(names: readonly string[], itemTypes: readonly CelType[], slots: number[], inner: () => T): T {
    const outer = this.#scope;
    const scope = new Map(outer);
    names.forEach((name, i) => {
      const slot = this.slots++;
      slots.push(slot);
      scope.set(name, { slot, type: itemTypes[i] ?? types.dyn, given: false });
    });
    this.#scope = scope;
    const result = inner();
    this.#scope = outer;
    return result;
  }

  #bind({ form, name, init, body, at }: Bind): Typed {
    const value = this.expression(init);
    const isOptional = value.type.kind === 'optional' || value.type.kind === 'dyn';
    if (!isOptional)
      return this.#problem(
        `found no matching overload for '${form}' applied to '${typeText(value.type)}'`,
        at,
      );
    const slots: number[] = [];
    const inner = contentOf(value.type);
    const typed = this.#within([name], [inner], slots, () => this.expression(body));
    const type: CelType = form === 'optMap' ? { kind: 'optional', of: typed.type } : typed.type;
    return { kind: 'bind', form, slot: slots[0] ?? 0, init: value, body: typed, type };
  }

  #problem(message: string, at: number): Typed {
    this.problems.push({ message, at });
    return { kind: 'literal', value: null, type: { kind: 'dyn', isError: true } };
  }
}

/** Fields whose names are words of the language are also found by the word itself. */
function nameIn(fields: ReadonlyMap<string, CelType>, field: string): string {
  const escaped = `__${field}__`;
  return !fields.has(field) && fields.has(escaped) ? escaped : field;
}

const literalChecks = new Map<string, (text: string) => boolean>([
  ['timestamp', (text) => parseTimestamp(text) !== undefined],
  ['duration', (text) => parseDuration(text) !== undefined],
  ['matches', isPattern],
  ['find', isPattern],
  ['findAll', isPattern],
]);

function isPattern(text: string): boolean {
  try {
    patternOf(text);
    return true;
  } catch {
    return false;
  }
}

function isBool({ type }: Typed): boolean {
  return type.kind === 'bool' || type.kind === 'dyn';
}

/** What an optional is of. */
function contentOf(type: CelType): CelType {
  return type.kind === 'optional' ? type.of : types.dyn;
}

/** Whether both may be of one type. */
function areAlike(one: CelType, other: CelType): boolean {
  const binding: Binding = new Map();
  const param: CelType = { kind: 'param', name: 'A' };
  return fits(one, param, binding) && fits(other, param, binding);
}

/** A type that values of both have; they fit each other. */
function joined(one: CelType, other: CelType): CelType {
  const binding: Binding = new Map();
  const param: CelType = { kind: 'param', name: 'A' };
  fits(one, param, binding);
  fits(other, param, binding);
  return binding.get('A') ?? types.dyn;
}

function comprehensionType(
  macro: Comprehension['macro'],
  { over, item, result = types.dyn }: { over: CelType; item: CelType; result: CelType | undefined },
): CelType {
  const most = over.kind === 'list' || over.kind === 'map' ? over.most : undefined;
  if (macro === 'filter') return listOf(item, most);
  if (macro === 'map') return listOf(result, most);
  if (macro !== 'transformMap') return types.bool;
  return mapOf(over.kind === 'map' ? over.key : over.kind === 'list' ? types.int : types.dyn, result, most);
}
