import { check, type Variable } from './check.ts';
import { compile } from './compile.ts';
import { CelError, CelSyntaxError, CostError, describeProblems } from './error.ts';
import { estimate } from './estimate.ts';
import { parse } from './syntax/parse.ts';
import type { CelType } from './types.ts';
import type { Value } from './values/value.ts';

/** An expression that compiled. */
export interface Program {
  readonly type: CelType;
  /** Names of its variables that it uses. */
  readonly used: ReadonlySet<string>;
  /** What it may cost at most. */
  readonly estimate: number;
  /** Evaluates with values for the variables, in their order; undefined is a variable that is not there. */
  run(values: readonly (Value | undefined)[], limit: number): Outcome;
}

/** How an evaluation ended. `cost` is what was spent on it. */
export type Outcome =
  | { readonly kind: 'value'; readonly value: Value; readonly cost: number }
  | { readonly kind: 'error'; readonly message: string; readonly cost: number }
  | { readonly kind: 'exceeded'; readonly cost: number };

export type Compiled =
  | { readonly kind: 'program'; readonly program: Program }
  /** `message` is as the API server tells it. */
  | { readonly kind: 'problem'; readonly message: string };

export interface CompileOptions {
  readonly variables: readonly Variable[];
  /** What the expression has to come to; several may be allowed. */
  readonly wanted: readonly CelType['kind'][];
}

/** Compiles an expression, or says what is wrong with it. */
export function compileExpression(text: string, { variables, wanted }: CompileOptions): Compiled {
  try {
    const { typed, problems, slots, used } = check(parse(text), variables);
    if (problems.length > 0) return failed(text, problems);
    if (!wanted.includes(typed.type.kind) && typed.type.kind !== 'dyn')
      return {
        kind: 'problem',
        message: `cel expression must evaluate to a ${wanted.join(' or ')}`,
      };
    const evaluate = compile(typed);
    const program: Program = {
      type: typed.type,
      used,
      estimate: estimate(typed),
      run(values, limit) {
        const kept: (Value | undefined)[] = [...values];
        kept.length = slots;
        const frame = { slots: kept, left: limit };
        try {
          const value = evaluate(frame);
          return { kind: 'value', value, cost: limit - frame.left };
        } catch (thrown) {
          const cost = limit - frame.left;
          if (thrown instanceof CelError) return { kind: 'error', message: thrown.message, cost };
          if (thrown instanceof CostError) return { kind: 'exceeded', cost: limit };
          throw thrown;
        }
      },
    };
    return { kind: 'program', program };
  } catch (thrown) {
    if (thrown instanceof CelSyntaxError) return failed(text, [thrown]);
    throw thrown;
  }
}

function failed(text: string, problems: readonly { message: string; at: number }[]): Compiled {
  const sorted = problems.toSorted((one, other) => one.at - other.at);
  return { kind: 'problem', message: `compilation failed: ${describeProblems(text, sorted)}` };
}
