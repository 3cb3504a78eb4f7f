import type { MacroName } from './syntax/ast.ts';
import type { Overload } from './overload.ts';
import type { CelType } from './types.ts';
import type { Value } from './values/value.ts';

/** An expression whose types are known. `slot` is where a variable's value is while it is evaluated. */
export type Typed =
  | { readonly kind: 'literal'; readonly value: Value; readonly type: CelType }
  | { readonly kind: 'variable'; readonly slot: number; readonly name: string; readonly type: CelType }
  | {
      readonly kind: 'select';
      readonly operand: Typed;
      readonly field: string;
      readonly form: 'value' | 'test' | 'optional';
      readonly type: CelType;
    }
  | TypedCall
  | { readonly kind: 'and'; readonly left: Typed; readonly right: Typed; readonly type: CelType }
  | { readonly kind: 'or'; readonly left: Typed; readonly right: Typed; readonly type: CelType }
  | {
      readonly kind: 'conditional';
      readonly test: Typed;
      readonly yes: Typed;
      readonly no: Typed;
      readonly type: CelType;
    }
  | {
      readonly kind: 'list';
      readonly items: readonly { readonly value: Typed; readonly optional: boolean }[];
      readonly type: CelType;
    }
  | {
      readonly kind: 'map';
      readonly entries: readonly { readonly key: Typed; readonly value: Typed; readonly optional: boolean }[];
      readonly type: CelType;
    }
  | TypedComprehension
  | TypedBind;

export interface TypedCall {
  readonly kind: 'call';
  readonly name: string;
  /** Those that the types of the arguments leave possible. */
  readonly overloads: readonly Overload[];
  readonly args: readonly Typed[];
  readonly type: CelType;
}

export interface TypedComprehension {
  readonly kind: 'comprehension';
  readonly macro: MacroName;
  readonly range: Typed;
  readonly slots: readonly number[];
  readonly test: Typed | undefined;
  readonly result: Typed | undefined;
  readonly type: CelType;
}

export interface TypedBind {
  readonly kind: 'bind';
  readonly form: 'optMap' | 'optFlatMap';
  readonly slot: number;
  readonly init: Typed;
  readonly body: Typed;
  readonly type: CelType;
}
