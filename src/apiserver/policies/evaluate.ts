import type { Outcome, Program } from '../cel/program.ts';
import { CelError } from '../cel/error.ts';
import type { Value } from '../cel/values/value.ts';
import type { CompiledPolicy, CompiledValidation } from './compile.ts';
import { inOrder, type Values } from './environment.ts';

/** What one evaluation may cost, and all of a policy for one binding together (as upstream limits them). */
const limits = { call: 1_000_000, policy: 10_000_000 } as const;

/** Why a policy does not let a write pass. `isError` where that could not be found out. */
export interface Objection {
  readonly message: string;
  readonly reason: string;
  readonly isError: boolean;
}

/** What a policy says of a write: nothing, where its conditions leave the write out. */
export interface PolicyVerdict {
  readonly objections: readonly Objection[];
  readonly annotations: Readonly<Record<string, string>>;
}

const silent: PolicyVerdict = { objections: [], annotations: {} };

/** Evaluates a policy over one write and one parameter. */
export function evaluatePolicy(policy: CompiledPolicy, values: Omit<Values, 'variables'>): PolicyVerdict {
  const budget: Budget = { left: limits.policy };
  const first = { ...values, variables: undefined };
  const excluded = conditionVerdict(policy, { values: first, budget });
  if (excluded !== undefined) return excluded;
  const all: Values = { ...values, variables: lazyVariables(policy, values, budget) };
  const run = (program: Program): Outcome => spend(program, inOrder(all, policy), budget);
  const objections: Objection[] = [];
  for (const validation of policy.validations) {
    const objection = objectionOf(validation, run);
    if (objection !== undefined) objections.push(objection);
  }
  const annotations: Record<string, string> = {};
  for (const { key, program } of policy.annotations) {
    const outcome = run(program);
    if (outcome.kind === 'value' && typeof outcome.value === 'string')
      annotations[key] = outcome.value.trim();
    else if (outcome.kind !== 'value')
      objections.push(errorOf(`audit annotation '${key}' resulted in error: ${why(outcome)}`));
  }
  return { objections, annotations };
}

interface Budget {
  left: number;
}

function spend(program: Program, values: (Value | undefined)[], budget: Budget): Outcome {
  const outcome = program.run(values, Math.max(0, Math.min(limits.call, budget.left)));
  budget.left -= outcome.cost;
  return outcome;
}

/** A condition that does not hold leaves the write out; that only counts where none fails. Undefined where all hold. */
function conditionVerdict(
  policy: CompiledPolicy,
  { values, budget }: { values: Values; budget: Budget },
): PolicyVerdict | undefined {
  let failure: Objection | undefined;
  for (const { name, program } of policy.conditions) {
    const outcome = spend(program, inOrder(values, policy), budget);
    if (outcome.kind === 'value' && outcome.value === false) return silent;
    if (outcome.kind !== 'value')
      failure ??= errorOf(`matchCondition '${name}' resulted in error: ${why(outcome)}`);
  }
  return failure && { objections: [failure], annotations: {} };
}

/** `variables.NAME`, each evaluated when it is first asked for, and with those before it. */
function lazyVariables(policy: CompiledPolicy, values: Omit<Values, 'variables'>, budget: Budget): Value {
  const fields: Record<string, Value> = {};
  for (const { name, program } of policy.variables) {
    let known: Value | undefined;
    Object.defineProperty(fields, name, {
      enumerable: true,
      get() {
        if (known !== undefined) return known;
        const outcome = spend(program, inOrder({ ...values, variables: fields }, policy), budget);
        if (outcome.kind !== 'value')
          throw new CelError(`composited variable "${name}" fails to evaluate: ${why(outcome)}`);
        known = outcome.value;
        return known;
      },
    });
  }
  return fields;
}

function objectionOf(
  { validation, program, message }: CompiledValidation,
  run: (program: Program) => Outcome,
): Objection | undefined {
  const { expression, reason = 'Invalid' } = validation;
  const outcome = run(program);
  if (outcome.kind !== 'value')
    return errorOf(`expression '${expression}' resulted in error: ${why(outcome)}`);
  if (outcome.value === true) return undefined;
  const told = message === undefined ? undefined : run(message);
  const line = told?.kind === 'value' && typeof told.value === 'string' ? told.value.trim() : '';
  const own = line === '' || line.includes('\n') ? (validation.message ?? '').trim() : line;
  return { message: own === '' ? `failed expression: ${expression.trim()}` : own, reason, isError: false };
}

export function errorOf(message: string): Objection {
  return { message, reason: 'Invalid', isError: true };
}

function why(outcome: Exclude<Outcome, { kind: 'value' }>): string {
  return outcome.kind === 'error' ? outcome.message : 'operation cancelled: actual cost limit exceeded';
}
