import type { FieldProblem, ProblemReason } from '../../api/validate/problem.ts';
import { areEqual } from '../cel/values/compare.ts';
import { keysOf, valueOfKey } from '../cel/values/maps.ts';
import { isFields, none, Optional, type Value } from '../cel/values/value.ts';
import { celTypeOf, celTypeOfResource, escapedName } from './cel-type.ts';
import { resourceAdapter } from './cel-value.ts';
import type { SchemaNode } from './node.ts';
import { compileRule, type CompiledRule } from './rule.ts';

/** What one evaluation of a rule may cost, and all of an object together (as upstream limits them). */
const limits = { call: 1_000_000, object: 10_000_000 } as const;

/** The rules of a schema and where they are in its values. */
interface RuleNode {
  readonly rules: readonly CompiledRule[];
  readonly typeName: string;
  readonly properties: readonly {
    readonly name: string;
    readonly escaped: string;
    readonly node: RuleNode;
  }[];
  readonly items: RuleNode | undefined;
  readonly values: RuleNode | undefined;
  /** Names by which items of a list are told apart; undefined where they cannot be. */
  readonly keys: readonly string[] | undefined;
}

/** Evaluates all rules over an object; `before` is what it was. */
export type EvaluateRules = (object: unknown, before: unknown) => FieldProblem[];

/**
 * The rules of a schema of a kind, compiled once, when the first object is held to them: all kinds at once would keep a server
 * that starts from answering. Undefined where there are none. They are known to compile.
 */
export function compileRules(node: SchemaNode): EvaluateRules | undefined {
  if (!node.hasRules) return undefined;
  let rules: RuleNode | undefined;
  const adapt = resourceAdapter(node);
  return (object, before) => {
    rules ??= ruleNode(node, 'self', true);
    const walk: Walk = { left: limits.object, problems: [] };
    const old = before === undefined ? undefined : adapt(before);
    visit({ value: adapt(object), old, path: '', node: rules }, walk);
    return walk.problems;
  };
}

function ruleNode(node: SchemaNode, name: string, isResource: boolean): RuleNode {
  const { schema } = node;
  const type = isResource ? celTypeOfResource(schema, name) : celTypeOf(schema, name);
  const compiled = (schema['x-kubernetes-validations'] ?? []).flatMap((rule) => {
    const made = type && compileRule(rule, type).compiled;
    return made === undefined ? [] : [made];
  });
  return {
    rules: compiled,
    typeName: schema.type ?? 'object',
    properties: [...node.properties]
      .filter(([, child]) => child.hasRules)
      .map(([property, child]) => ({
        name: property,
        escaped: escapedName(property) ?? property,
        node: ruleNode(child, `${name}.${property}`, child.embedded),
      })),
    items:
      node.items?.hasRules === true ? ruleNode(node.items, `${name}.@idx`, node.items.embedded) : undefined,
    values:
      node.additional?.hasRules === true
        ? ruleNode(node.additional, `${name}.@elem`, node.additional.embedded)
        : undefined,
    keys: schema['x-kubernetes-list-type'] === 'map' ? schema['x-kubernetes-list-map-keys'] : undefined,
  };
}

interface Walk {
  left: number;
  readonly problems: FieldProblem[];
}

interface Place {
  readonly value: Value;
  /** What was there before; undefined where nothing was, or where it cannot be told. */
  readonly old: Value | undefined;
  readonly path: string;
  readonly node: RuleNode;
}

function visit(place: Place, walk: Walk): void {
  const { value, old, path, node } = place;
  if (value === null) return;
  const isUnchanged = old !== undefined && areEqual(old, value);
  for (const rule of node.rules) {
    if (walk.left < 0) return;
    // What did not change may stay, unless the rule speaks of change (KEP-4008).
    if (rule.isTransition ? old === undefined : isUnchanged) continue;
    evaluate(rule, place, walk);
  }
  if (isFields(value)) {
    for (const { name, escaped, node: child } of node.properties) {
      const inner = valueOfKey(value, escaped);
      if (inner === undefined) continue;
      const at = path === '' ? name : `${path}.${name}`;
      visit({ value: inner, old: fieldOf(old, escaped), path: at, node: child }, walk);
    }
    visitValues(place, walk);
  } else if (Array.isArray(value)) visitItems(value, place, walk);
}

function visitValues({ value, old, path, node }: Place, walk: Walk): void {
  const { values } = node;
  if (values === undefined) return;
  for (const key of keysOf(value) as string[]) {
    const inner = valueOfKey(value, key) ?? null;
    visit({ value: inner, old: fieldOf(old, key), path: `${path}[${key}]`, node: values }, walk);
  }
}

function visitItems(list: readonly Value[], { old, path, node }: Place, walk: Walk): void {
  const { items, keys } = node;
  if (items === undefined) return;
  const before = Array.isArray(old) && keys !== undefined ? (old as readonly Value[]) : [];
  list.forEach((item, i) => {
    const former = before.find((one) => keys?.every((key) => sameKey(one, item, key)));
    visit({ value: item, old: former, path: `${path}[${i}]`, node: items }, walk);
  });
}

function sameKey(one: Value, other: Value, key: string): boolean {
  const escaped = escapedName(key) ?? key;
  return areEqual(fieldOf(one, escaped) ?? null, fieldOf(other, escaped) ?? null);
}

function fieldOf(value: Value | undefined, field: string): Value | undefined {
  return value !== undefined && isFields(value) ? valueOfKey(value, field) : undefined;
}

function evaluate(compiled: CompiledRule, place: Place, walk: Walk): void {
  const { rule, program } = compiled;
  const { value, old, path, node } = place;
  const oldSelf = rule.optionalOldSelf === true ? (old === undefined ? none : new Optional(old)) : old;
  const limit = Math.min(limits.call, walk.left);
  const outcome = program.run([value, oldSelf], limit);
  walk.left -= outcome.cost;
  if (outcome.kind === 'exceeded') {
    walk.problems.push(unevaluated(path, node.typeName, exceeded(rule.rule, limit < limits.call)));
    walk.left = -1;
  } else if (outcome.kind === 'error') {
    const detail = `${outcome.message} evaluating rule: ${messageOf(rule)}`;
    walk.problems.push(unevaluated(path, node.typeName, detail));
  } else if (outcome.value !== true) walk.problems.push(broken(compiled, [value, oldSelf], { path, walk }));
}

function broken(
  { rule, message, fieldPath }: CompiledRule,
  values: readonly (Value | undefined)[],
  { path, walk }: { path: string; walk: Walk },
): FieldProblem {
  const told = message?.run(values, Math.min(limits.call, walk.left));
  walk.left -= told?.cost ?? 0;
  const line = told?.kind === 'value' && typeof told.value === 'string' ? oneLine(told.value) : undefined;
  return problemOf({
    path: `${path}${fieldPath}`.replace(/^\./, ''),
    reason: reasonOf(rule.reason),
    detail: line ?? textOf(rule),
    value: shownValue(values[0] ?? null),
  });
}

function exceeded(rule: string, isObject: boolean): string {
  if (isObject)
    return 'validation failed due to running out of cost budget, no further validation rules will be run';
  return `call cost exceeds limit for rule: ${rule.trim()}, no further validation rules will be run`;
}

/** What a broken rule says, where its expression for that says nothing. */
function textOf(rule: CompiledRule['rule']): string {
  return (rule.message ?? '').trim() === '' ? `failed rule: ${rule.rule.trim()}` : messageOf(rule);
}

function messageOf({ message = '', rule }: CompiledRule['rule']): string {
  return message.trim() === '' ? rule.trim() : message.trim();
}

function unevaluated(path: string, typeName: string, detail: string): FieldProblem {
  const message = `Invalid value: ${JSON.stringify(typeName)}: ${detail}`;
  return { path, reason: 'FieldValueInvalid', message };
}

/** A scalar as messages show it; undefined for what would fill them. */
function shownValue(value: Value): string | undefined {
  if (typeof value === 'bigint') return String(value);
  const isScalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  return isScalar ? JSON.stringify(value) : undefined;
}

/** A text that is one line, not empty, and no longer than 5 KiB; undefined otherwise. */
function oneLine(text: string): string | undefined {
  const trimmed = text.trim();
  return trimmed === '' || trimmed.includes('\n') || trimmed.length > 5120 ? undefined : trimmed;
}

const reasons: readonly ProblemReason[] = [
  'FieldValueInvalid',
  'FieldValueForbidden',
  'FieldValueRequired',
  'FieldValueDuplicate',
];

function reasonOf(reason: string | undefined): ProblemReason {
  return reasons.find((one) => one === reason) ?? 'FieldValueInvalid';
}

interface Broken {
  readonly path: string;
  readonly reason: ProblemReason;
  readonly detail: string;
  readonly value: string | undefined;
}

function problemOf({ path, reason, detail, value }: Broken): FieldProblem {
  const shown = value === undefined ? '' : `${value}: `;
  const messages: Partial<Record<ProblemReason, string>> = {
    FieldValueForbidden: `Forbidden: ${detail}`,
    FieldValueRequired: `Required value: ${detail}`,
    FieldValueDuplicate: `Duplicate value: ${shown}${detail}`,
  };
  return { path, reason, message: messages[reason] ?? `Invalid value: ${shown}${detail}` };
}
