import { forbidden, invalid, notSupported, required, type FieldProblem } from '../../api/validate/problem.ts';
import { mostOfRequest } from '../cel/estimate.ts';
import { celTypeOf, celTypeOfResource } from './cel-type.ts';
import { additionalOf, type JsonSchema, type ValidationRule } from './json-schema.ts';
import { compileRule, isFieldPath, type CompiledRule } from './rule.ts';

/** What one rule may be estimated to cost in an object, and all rules of a schema together (as upstream limits them). */
const limits = { rule: 10_000_000, schema: 100_000_000 } as const;

/** What is wrong with the rules of a schema: they have to compile, and may not cost too much. */
export function ruleProblems(schema: JsonSchema, path: string): FieldProblem[] {
  const walk: Walk = { problems: [], total: 0, dearest: { cost: 0, path: '' } };
  visit(schema, { path, name: 'self', times: 1, isResource: true, uncorrelatable: undefined }, walk);
  if (walk.total > limits.schema) {
    const why = `x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget by ${factor(walk.total, limits.schema)}`;
    walk.problems.push(forbidden(path, why));
    const contributed =
      'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema';
    walk.problems.push(forbidden(walk.dearest.path, contributed));
  }
  return walk.problems;
}

interface Walk {
  readonly problems: FieldProblem[];
  total: number;
  dearest: { cost: number; path: string };
}

interface Place {
  readonly path: string;
  /** Of the type that values here have in expressions. */
  readonly name: string;
  /** How many values there may be here in one object. */
  readonly times: number;
  readonly isResource: boolean;
  /** Path of a list above whose items cannot be told apart over a change. */
  readonly uncorrelatable: string | undefined;
}

function visit(schema: JsonSchema, place: Place, walk: Walk): void {
  const { path, name, times } = place;
  const rules = schema['x-kubernetes-validations'] ?? [];
  rules.forEach((rule, i) =>
    checkRule(rule, { schema, place, path: `${path}.x-kubernetes-validations[${i}]` }, walk),
  );
  const inner = { ...place, isResource: false };
  for (const [property, one] of Object.entries(schema.properties ?? {}))
    visit(
      one,
      {
        ...inner,
        path: `${path}.properties[${property}]`,
        name: `${name}.${property}`,
        isResource: isEmbedded(one),
      },
      walk,
    );
  if (schema.items !== undefined) {
    const keyed = schema['x-kubernetes-list-type'] === 'map';
    const items = {
      ...inner,
      path: `${path}.items`,
      name: `${name}.@idx`,
      times: times * mostOf(schema, place),
      isResource: isEmbedded(schema.items),
      uncorrelatable: place.uncorrelatable ?? (keyed ? undefined : path),
    };
    visit(schema.items, items, walk);
  }
  const values = additionalOf(schema);
  if (values !== undefined)
    visit(
      values,
      {
        ...inner,
        path: `${path}.additionalProperties`,
        name: `${name}.@elem`,
        times: times * mostOf(schema, place),
        isResource: isEmbedded(values),
      },
      walk,
    );
}

function isEmbedded(schema: JsonSchema): boolean {
  return schema['x-kubernetes-embedded-resource'] === true;
}

/** How many items or entries a list or map has at most. */
function mostOf(schema: JsonSchema, { name }: Place): number {
  const type = celTypeOf(schema, name);
  return type?.kind === 'list' || type?.kind === 'map' ? (type.most ?? mostOfRequest) : mostOfRequest;
}

interface RulePlace {
  readonly schema: JsonSchema;
  readonly place: Place;
  readonly path: string;
}

function checkRule(rule: ValidationRule, at: RulePlace, walk: Walk): void {
  const { schema, place, path } = at;
  walk.problems.push(...textProblems(rule, schema, path));
  if (rule.rule.trim() === '') return;
  const type = place.isResource ? celTypeOfResource(schema, place.name) : celTypeOf(schema, place.name);
  if (type === undefined) {
    walk.problems.push(invalid(`${path}.rule`, rule.rule, 'rules need a schema that says what is here'));
    return;
  }
  const { compiled, problems } = compileRule(rule, type);
  for (const { field, message } of problems)
    walk.problems.push(
      invalid(`${path}.${field}`, rule[field], field === 'rule' ? message : messageProblem(message)),
    );
  if (compiled !== undefined) checkCompiled(compiled, at, walk);
}

function messageProblem(message: string): string {
  return `messageExpression ${message.replace(/^cel expression /, '')}`;
}

const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];
const longestMessage = 2048;

function textProblems(rule: ValidationRule, schema: JsonSchema, path: string): FieldProblem[] {
  const { reason, fieldPath = '' } = rule;
  const problems = messageProblems(rule, `${path}.message`);
  if (rule.rule.trim() === '') problems.push(required(`${path}.rule`, 'rule is not specified'));
  if (reason !== undefined && !reasons.includes(reason))
    problems.push(notSupported(`${path}.reason`, reason, reasons));
  if (fieldPath !== '' && !isFieldPath(fieldPath, schema))
    problems.push(invalid(`${path}.fieldPath`, fieldPath, 'must be a valid path'));
  return problems;
}

function messageProblems({ message = '', rule }: ValidationRule, path: string): FieldProblem[] {
  if (message === '') {
    const why = 'message must be specified if rule contains line breaks';
    return rule.trim().includes('\n') ? [required(path, why)] : [];
  }
  if (message.trim() === '') return [invalid(path, message, 'message must be non-empty if specified')];
  if (/[\r\n]/.test(message)) return [invalid(path, message, 'must not contain line breaks')];
  if (message.length <= longestMessage) return [];
  return [invalid(path, message, `must not be longer than ${longestMessage} characters`)];
}

function checkCompiled(compiled: CompiledRule, { place, path }: RulePlace, walk: Walk): void {
  const { rule, program, message, isTransition } = compiled;
  if (rule.optionalOldSelf !== undefined && !program.used.has('oldSelf'))
    walk.problems.push(
      invalid(`${path}.optionalOldSelf`, true, 'may not be set if oldSelf is not used in rule'),
    );
  if (isTransition && place.uncorrelatable !== undefined) {
    const why = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${place.uncorrelatable}`;
    walk.problems.push(invalid(`${path}.rule`, rule.rule, why));
  }
  checkCost(program.estimate * place.times, { path: `${path}.rule`, what: 'rule' }, walk);
  if (message !== undefined)
    checkCost(
      message.estimate * place.times,
      { path: `${path}.messageExpression`, what: 'messageExpression' },
      walk,
    );
}

function checkCost(cost: number, { path, what }: { path: string; what: string }, walk: Walk): void {
  walk.total += cost;
  if (cost > walk.dearest.cost) walk.dearest = { cost, path };
  if (cost <= limits.rule) return;
  walk.problems.push(
    forbidden(path, `estimated ${what} cost exceeds budget by ${factor(cost, limits.rule)}`),
  );
}

function factor(cost: number, limit: number): string {
  const times = cost / limit;
  const shown = times > 100 ? 'more than 100x' : `${times.toFixed(1)}x`;
  return `factor of ${shown} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
}
