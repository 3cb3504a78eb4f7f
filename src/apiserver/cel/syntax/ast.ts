import type { Value } from '../values/value.ts';

/** An expression of CEL. `at` is its offset in the text: of the operator, the dot or the parenthesis, as cel-go has it. */
export type Expr =
  | { readonly kind: 'literal'; readonly value: Value; readonly at: number }
  | { readonly kind: 'ident'; readonly name: string; readonly at: number }
  | Select
  | Call
  | List
  | MapExpr
  | Comprehension
  | Bind;

/** `operand.field`; under `has(...)` only whether it is there; after `.?` an optional. */
export interface Select {
  readonly kind: 'select';
  readonly operand: Expr;
  readonly field: string;
  readonly form: 'value' | 'test' | 'optional';
  readonly at: number;
}

/** A function of that name, or an operator: `_+_`, `_?_:_`, `_[_]`, `_[?_]`, `!_`, `-_`, `@in`. */
export interface Call {
  readonly kind: 'call';
  readonly name: string;
  readonly target: Expr | undefined;
  readonly args: readonly Expr[];
  readonly at: number;
}

export interface List {
  readonly kind: 'list';
  /** `optional` ones are left out where they have no value. */
  readonly items: readonly { readonly value: Expr; readonly optional: boolean }[];
  readonly at: number;
}

export interface MapExpr {
  readonly kind: 'map';
  readonly entries: readonly { readonly key: Expr; readonly value: Expr; readonly optional: boolean }[];
  readonly at: number;
}

export type MacroName = 'all' | 'exists' | 'exists_one' | 'filter' | 'map' | 'transformMap';

/** A walk over a list or map: `vars` are the item or key, or the index or key and the value. */
export interface Comprehension {
  readonly kind: 'comprehension';
  readonly macro: MacroName;
  readonly range: Expr;
  readonly vars: readonly string[];
  /** Which items count; for `map` and `transformMap` undefined where all do. */
  readonly test: Expr | undefined;
  /** What `map` and `transformMap` make of them. */
  readonly result: Expr | undefined;
  readonly at: number;
}

/** A body over the value of an optional, where it has one: `init.optMap(name, body)`, `init.optFlatMap(name, body)`. */
export interface Bind {
  readonly kind: 'bind';
  readonly form: 'optMap' | 'optFlatMap';
  readonly name: string;
  readonly init: Expr;
  readonly body: Expr;
  readonly at: number;
}
