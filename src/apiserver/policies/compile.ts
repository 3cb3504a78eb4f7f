import type { Compiled, Program } from '../cel/program.ts';
import { types, type CelType } from '../cel/types.ts';
import { compileInPolicy } from './environment.ts';
import type { PolicySpec, Validation } from './types.ts';

/** A policy whose expressions are ready to be evaluated. */
export interface CompiledPolicy {
  readonly hasParams: boolean;
  readonly conditions: readonly { readonly name: string; readonly program: Program }[];
  readonly variables: readonly { readonly name: string; readonly program: Program }[];
  readonly validations: readonly CompiledValidation[];
  readonly annotations: readonly { readonly key: string; readonly program: Program }[];
}

export interface CompiledValidation {
  readonly validation: Validation;
  readonly program: Program;
  readonly message: Program | undefined;
}

/** An expression of a policy that does not compile. */
export interface ExpressionProblem {
  readonly path: string;
  readonly expression: string;
  readonly message: string;
}

/** Compiles every expression of a policy; those with problems are left out of what comes back. */
export function compilePolicy(spec: PolicySpec): { policy: CompiledPolicy; problems: ExpressionProblem[] } {
  const problems: ExpressionProblem[] = [];
  const hasParams = spec.paramKind !== undefined;
  const fields = new Map<string, CelType>();
  const composed: CelType = { kind: 'object', name: 'kubernetes.variables', fields };
  const compiled = (
    path: string,
    expression: string,
    wanted: readonly CelType['kind'][],
  ): Program | undefined => {
    if (expression.trim() === '') return undefined;
    const inner = path.startsWith('spec.matchConditions') ? undefined : composed;
    return programIn(
      compileInPolicy(expression, { hasParams, composed: inner, wanted }),
      { path, expression, wanted },
      problems,
    );
  };
  const conditions = (spec.matchConditions ?? []).flatMap(({ name, expression }, i) => {
    const program = compiled(`spec.matchConditions[${i}].expression`, expression, ['bool']);
    return program === undefined ? [] : [{ name, program }];
  });
  const variables = (spec.variables ?? []).flatMap(({ name, expression }, i) => {
    const program = compiled(`spec.variables[${i}].expression`, expression, anyKind);
    // One that is wrong is of any type, so that its users are not called wrong for it.
    fields.set(name, program?.type ?? types.dyn);
    return program === undefined ? [] : [{ name, program }];
  });
  const validations = (spec.validations ?? []).flatMap((validation, i): CompiledValidation[] => {
    const at = `spec.validations[${i}]`;
    const program = compiled(`${at}.expression`, validation.expression, ['bool']);
    const message = compiled(`${at}.messageExpression`, validation.messageExpression ?? '', ['string']);
    return program === undefined ? [] : [{ validation, program, message }];
  });
  const annotations = (spec.auditAnnotations ?? []).flatMap(({ key, valueExpression }, i) => {
    const program = compiled(`spec.auditAnnotations[${i}].valueExpression`, valueExpression, [
      'string',
      'null',
    ]);
    return program === undefined ? [] : [{ key, program }];
  });
  return { policy: { hasParams, conditions, variables, validations, annotations }, problems };
}

const anyKind: readonly CelType['kind'][] = [
  'bool',
  'int',
  'uint',
  'double',
  'string',
  'bytes',
  'null',
  'list',
  'map',
  'object',
  'optional',
  'opaque',
  'timestamp',
  'duration',
  'type',
];

function programIn(
  result: Compiled,
  { path, expression, wanted }: { path: string; expression: string; wanted: readonly CelType['kind'][] },
  problems: ExpressionProblem[],
): Program | undefined {
  if (result.kind === 'program') return result.program;
  const names = wanted.map((kind) => (kind === 'null' ? 'null_type' : kind));
  const wantedText = names.length === 1 ? names.join('') : `one of [${names.join(' ')}]`;
  const message = result.message.startsWith('cel expression')
    ? `must evaluate to ${wantedText}`
    : result.message;
  problems.push({ path, expression, message });
  return undefined;
}
