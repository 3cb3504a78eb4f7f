import { isObject } from '../json.ts';

/** One step of a path: a field, an index, every item or value, or the items of which a field has a value. */
type Step =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'filter'; readonly path: JsonPath; readonly operator: string; readonly value: unknown };

/** What a printer column or selectable field names, in the simple form of JSONPath that starts with a dot. */
export type JsonPath = readonly Step[];

/** Longer than anybody writes; a filter inside a filter recurses. */
const longest = 1000;

/** Undefined where the text is no such path. */
export function parseJsonPath(text: string): JsonPath | undefined {
  if (text.length > longest || (!text.startsWith('.') && !text.startsWith('['))) return undefined;
  const steps: Step[] = [];
  let rest = text;
  while (rest !== '') {
    const taken = takeStep(rest);
    if (taken === undefined) return undefined;
    if (taken.step !== undefined) steps.push(taken.step);
    rest = taken.rest;
  }
  return steps;
}

/** Field names only; undefined for any other path. */
export function fieldNames(path: JsonPath | undefined): string[] | undefined {
  const names = path?.map((step) => (step.kind === 'field' ? step.name : undefined));
  return names?.every((name) => name !== undefined) === true
    ? names.filter((it) => it !== undefined)
    : undefined;
}

interface Taken {
  /** Undefined for what stands for the object itself. */
  readonly step: Step | undefined;
  readonly rest: string;
}

function takeStep(text: string): Taken | undefined {
  if (text === '.') return { step: undefined, rest: '' };
  if (text.startsWith('.[')) return takeStep(text.slice(1));
  if (text.startsWith('.')) {
    const [match, name = ''] = /^\.((?:\\.|[^.[\]\\\s])+)/.exec(text) ?? [];
    if (match === undefined) return undefined;
    const step: Step =
      name === '*' ? { kind: 'all' } : { kind: 'field', name: name.replaceAll(/\\(.)/g, '$1') };
    return { step, rest: text.slice(match.length) };
  }
  return takeBracket(text);
}

const brackets: readonly (readonly [RegExp, (match: RegExpExecArray) => Step | undefined])[] = [
  [/^\[\s*(-?\d+)\s*\]/, ([, index]) => ({ kind: 'index', index: Number(index) })],
  [/^\[\s*\*\s*\]/, () => ({ kind: 'all' })],
  [
    /^\[\s*'((?:\\.|[^'\\])*)'\s*\]/,
    ([, name = '']) => ({ kind: 'field', name: name.replaceAll(/\\(.)/g, '$1') }),
  ],
  [
    /^\[\?\(\s*@((?:\.|\[)[^=!<>]*?)\s*(==|!=|<=|>=|<|>)\s*('[^']*'|"[^"]*"|[\w.+-]+)\s*\)\]/,
    ([, path = '', operator = '', value = '']) => filterStep(path, operator, value),
  ],
];

function takeBracket(text: string): Taken | undefined {
  for (const [pattern, make] of brackets) {
    const match = pattern.exec(text);
    const step = match === null ? undefined : make(match);
    if (step !== undefined) return { step, rest: text.slice(match?.[0].length) };
  }
  return undefined;
}

function filterStep(text: string, operator: string, value: string): Step | undefined {
  const path = parseJsonPath(text);
  return path && { kind: 'filter', path, operator, value: literalOf(value) };
}

function literalOf(text: string): unknown {
  if (/^['"]/.test(text)) return text.slice(1, -1);
  if (text === 'true' || text === 'false') return text === 'true';
  return Number.isNaN(Number(text)) ? text : Number(text);
}

/** Everything a path leads to. */
export function findByPath(value: unknown, path: JsonPath): unknown[] {
  let found: unknown[] = [value];
  for (const step of path) found = found.flatMap((one) => stepFrom(one, step));
  return found;
}

function stepFrom(value: unknown, step: Step): unknown[] {
  switch (step.kind) {
    case 'field':
      return isObject(value) && Object.hasOwn(value, step.name) ? [value[step.name]] : [];
    case 'index':
      return Array.isArray(value) && value.at(step.index) !== undefined ? [value.at(step.index)] : [];
    case 'all':
      return Array.isArray(value) ? (value as unknown[]) : isObject(value) ? Object.values(value) : [];
    case 'filter':
    default:
      return Array.isArray(value) ? value.filter((item) => passes(item, step)) : [];
  }
}

function passes(item: unknown, { path, operator, value }: Extract<Step, { kind: 'filter' }>): boolean {
  const [left] = findByPath(item, path);
  if (operator === '==') return left === value;
  if (left === undefined) return false;
  if (operator === '!=') return left !== value;
  return comparable(left, value) && compares(left, operator, value);
}

type Ordered = string | number;

function comparable(left: unknown, right: unknown): boolean {
  return typeof left === typeof right && (typeof left === 'string' || typeof left === 'number');
}

function compares(left: unknown, operator: string, right: unknown): boolean {
  const [one, other] = [left as Ordered, right as Ordered];
  if (operator === '<') return one < other;
  if (operator === '<=') return one <= other;
  return operator === '>' ? one > other : one >= other;
}
