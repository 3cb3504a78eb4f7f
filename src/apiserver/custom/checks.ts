import {
  invalid,
  notSupported,
  tooLong,
  tooMany,
  wrongType,
  type FieldProblem,
} from '../../api/validate/problem.ts';
import { isObject, sameJson, type Json } from '../json.ts';
import { patternOf } from '../regexp.ts';
import { formatCheck } from './formats.ts';
import type { JsonSchema } from './json-schema.ts';

/** What of one rule of a schema a value breaks; undefined when nothing. `path` is for the message. */
export type Check = (value: unknown, path: string) => FieldProblem | undefined;

/** What a schema says of a value itself, as functions; what it says of the parts of one, the walk sees to. */
export function checksOf(schema: JsonSchema): readonly Check[] {
  return [...scalarChecks(schema), ...numberChecks(schema), ...textCheck(schema), ...sizeChecks(schema)];
}

function inBody(path: string, value: unknown, text: string): FieldProblem {
  return invalid(path, value, `${path} in body ${text}`);
}

function scalarChecks(schema: JsonSchema): Check[] {
  const checks: Check[] = [];
  const type = typeCheck(schema);
  if (type !== undefined) checks.push(type);
  const values = schema.enum;
  if (values !== undefined && values.length > 0) checks.push(enumCheck(values));
  return checks;
}

const fits: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  integer: (value) => Number.isInteger(value),
  number: (value) => typeof value === 'number',
  array: Array.isArray,
  object: isObject,
};

/** The type of a JSON value, as messages name it. */
export function typeNameOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

/** Null fits no type; where it is allowed, the walk does not come here with it. */
function typeCheck(schema: JsonSchema): Check | undefined {
  const { type = '' } = schema;
  if (schema['x-kubernetes-int-or-string'] === true) {
    return (value, path) =>
      typeof value === 'string' || Number.isInteger(value)
        ? undefined
        : typeProblem(path, value, 'integer,string');
  }
  const fit = Object.hasOwn(fits, type) ? fits[type] : undefined;
  if (fit === undefined) return undefined;
  return (value, path) => (fit(value) ? undefined : typeProblem(path, value, type));
}

function typeProblem(path: string, value: unknown, wanted: string): FieldProblem {
  const name = typeNameOf(value);
  const shown = path === '' ? '<root>' : path;
  const message = `Invalid value: ${JSON.stringify(name)}: ${shown} in body must be of type ${wanted}: ${JSON.stringify(name)}`;
  return { ...wrongType(path, name, wanted), message };
}

function enumCheck(values: readonly Json[]): Check {
  const texts = new Set(values.filter((value) => typeof value === 'string'));
  const others = values.filter((value) => typeof value !== 'string');
  const names = values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
  return (value, path) => {
    const known = typeof value === 'string' ? texts.has(value) : others.some((one) => sameJson(one, value));
    return known ? undefined : notSupported(path, value, names);
  };
}

function numberChecks({
  minimum,
  maximum,
  exclusiveMinimum,
  exclusiveMaximum,
  multipleOf,
}: JsonSchema): Check[] {
  const checks: Check[] = [];
  const add = (breaks: (value: number) => boolean, text: string): void => {
    checks.push((value, path) =>
      typeof value === 'number' && breaks(value) ? inBody(path, value, text) : undefined,
    );
  };
  if (minimum !== undefined && exclusiveMinimum === true)
    add((value) => value <= minimum, `should be greater than ${minimum}`);
  else if (minimum !== undefined)
    add((value) => value < minimum, `should be greater than or equal to ${minimum}`);
  if (maximum !== undefined && exclusiveMaximum === true)
    add((value) => value >= maximum, `should be less than ${maximum}`);
  else if (maximum !== undefined)
    add((value) => value > maximum, `should be less than or equal to ${maximum}`);
  if (multipleOf !== undefined && multipleOf > 0)
    add((value) => !isMultiple(value, multipleOf), `should be a multiple of ${multipleOf}`);
  return checks;
}

/** 0.3 is a multiple of 0.1, whatever binary fractions make of it. */
function isMultiple(value: number, of: number): boolean {
  const quotient = value / of;
  return Math.abs(quotient - Math.round(quotient)) < 1e-9;
}

type TextCheck = (value: string, path: string) => FieldProblem | undefined;

/** Of everything that is wrong with a text, the first is told, as upstream does. */
function textCheck(schema: JsonSchema): Check[] {
  const checks = [...lengthChecks(schema), ...syntaxChecks(schema)];
  if (checks.length === 0) return [];
  return [
    (value, path) => {
      if (typeof value !== 'string') return undefined;
      for (const check of checks) {
        const problem = check(value, path);
        if (problem !== undefined) return problem;
      }
      return undefined;
    },
  ];
}

function lengthChecks({ minLength, maxLength }: JsonSchema): TextCheck[] {
  const checks: TextCheck[] = [];
  if (maxLength !== undefined)
    checks.push((value, path) => (lengthOf(value) > maxLength ? tooLong(path, maxLength) : undefined));
  if (minLength !== undefined)
    checks.push((value, path) =>
      lengthOf(value) < minLength
        ? inBody(path, value, `should be at least ${minLength} chars long`)
        : undefined,
    );
  return checks;
}

function syntaxChecks({ pattern, format }: JsonSchema): TextCheck[] {
  const checks: TextCheck[] = [];
  if (pattern !== undefined && pattern !== '') {
    const compiled = patternOf(pattern);
    checks.push((value, path) =>
      compiled.test(value) ? undefined : inBody(path, value, `should match '${pattern}'`),
    );
  }
  const wellFormed = formatCheck(format);
  if (wellFormed !== undefined)
    checks.push((value, path) =>
      wellFormed(value)
        ? undefined
        : inBody(path, value, `must be of type ${format}: ${JSON.stringify(value)}`),
    );
  return checks;
}

/** Counted in code points, as JSON Schema does. */
function lengthOf(text: string): number {
  let length = text.length;
  for (let i = 1; i < text.length; i++) {
    const isPair = (text.charCodeAt(i) & 0xfc00) === 0xdc00 && (text.charCodeAt(i - 1) & 0xfc00) === 0xd800;
    if (isPair) length--;
  }
  return length;
}

function sizeChecks({ minItems, maxItems, minProperties, maxProperties }: JsonSchema): Check[] {
  const checks: Check[] = [];
  if (maxItems !== undefined)
    checks.push((value, path) =>
      Array.isArray(value) && value.length > maxItems ? tooMany(path, value.length, maxItems) : undefined,
    );
  if (minItems !== undefined)
    checks.push((value, path) =>
      Array.isArray(value) && value.length < minItems
        ? inBody(path, value.length, `should have at least ${minItems} items`)
        : undefined,
    );
  if (maxProperties !== undefined)
    checks.push((value, path) => {
      const count = isObject(value) ? Object.keys(value).length : 0;
      return count > maxProperties ? tooMany(path, count, maxProperties) : undefined;
    });
  if (minProperties !== undefined)
    checks.push((value, path) => {
      const count = isObject(value) ? Object.keys(value).length : minProperties;
      return count < minProperties
        ? inBody(path, count, `should have at least ${minProperties} properties`)
        : undefined;
    });
  return checks;
}
