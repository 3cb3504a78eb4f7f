import { compileExpression, type Compiled, type Program } from '../cel/program.ts';
import type { CelType } from '../cel/types.ts';
import type { JsonSchema, ValidationRule } from './json-schema.ts';
import { fieldNames, parseJsonPath } from './json-path.ts';

/** A rule of a schema, ready to be evaluated with `self` and `oldSelf`. */
export interface CompiledRule {
  readonly rule: ValidationRule;
  readonly program: Program;
  readonly message: Program | undefined;
  /** It speaks of a change: where nothing was before there is nothing to say. */
  readonly isTransition: boolean;
  /** Path of the field that is to blame, below the value; names as the schema has them. */
  readonly fieldPath: string;
}

/** What a rule compiles to. `field` is which of its expressions is wrong. */
export interface RuleResult {
  readonly compiled: CompiledRule | undefined;
  readonly problems: readonly { readonly field: 'rule' | 'messageExpression'; readonly message: string }[];
}

/** Compiles a rule for values of a type. */
export function compileRule(rule: ValidationRule, type: CelType): RuleResult {
  const oldSelf: CelType = rule.optionalOldSelf === true ? { kind: 'optional', of: type } : type;
  const variables = [
    { name: 'self', type },
    { name: 'oldSelf', type: oldSelf },
  ];
  const main = compileExpression(rule.rule, { variables, wanted: ['bool'] });
  const text = rule.messageExpression ?? '';
  const message = text.trim() === '' ? undefined : compileExpression(text, { variables, wanted: ['string'] });
  const problems = [...problemsOf(main, 'rule'), ...problemsOf(message, 'messageExpression')];
  if (main.kind !== 'program' || problems.length > 0) return { compiled: undefined, problems };
  const { program } = main;
  const usesOld = program.used.has('oldSelf');
  return {
    compiled: {
      rule,
      program,
      message: message?.kind === 'program' ? message.program : undefined,
      isTransition: usesOld && rule.optionalOldSelf !== true,
      fieldPath: pathText(rule.fieldPath ?? ''),
    },
    problems: [],
  };
}

function problemsOf(
  compiled: Compiled | undefined,
  field: 'rule' | 'messageExpression',
): RuleResult['problems'] {
  if (compiled === undefined || compiled.kind === 'program') return [];
  return [{ field, message: compiled.message }];
}

/** `.a.b['c']` as messages have it: `.a.b.c`. */
function pathText(fieldPath: string): string {
  const names = fieldNames(parseJsonPath(fieldPath)) ?? [];
  return names.map((name) => `.${name}`).join('');
}

/** Whether a rule's `fieldPath` leads to a field of the schema. */
export function isFieldPath(fieldPath: string, schema: JsonSchema): boolean {
  const names = fieldNames(parseJsonPath(fieldPath));
  if (names === undefined || names.length === 0) return false;
  let at: JsonSchema | undefined = schema;
  for (const name of names) {
    const map: JsonSchema | boolean | undefined = at?.additionalProperties;
    at = at?.properties?.[name] ?? (typeof map === 'object' ? map : undefined);
  }
  return at !== undefined;
}
