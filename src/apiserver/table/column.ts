import { arrayAt, isObject, numberAt, textAt, valueAt, type StoredObject } from '../json.ts';

/** One column of a table: how it is headed and what stands in it. */
export interface Column {
  readonly name: string;
  /** A string where absent. */
  readonly type?: string;
  /** `name` marks the column that names the object. */
  readonly format?: string;
  readonly description?: string;
  /** Shown with `-o wide` only. */
  readonly wide?: boolean;
  /** How far to the back of a wide table it is; 1 where absent. */
  readonly priority?: number;
  readonly cell: (object: StoredObject, now: () => number) => string | number | boolean | null;
}

export const nameColumn: Column = { name: 'Name', format: 'name', cell: (object) => object.metadata.name };

export const ageColumn: Column = {
  name: 'Age',
  cell: (object, now) => ageOf(object.metadata.creationTimestamp, now),
};

/** When an object was made: of kinds that upstream has no columns for. */
export const createdColumn: Column = {
  name: 'Created At',
  type: 'date',
  cell: (object) => object.metadata.creationTimestamp ?? '',
};

export function wide(column: Column): Column {
  return { ...column, wide: true };
}

/** A column of the text at a path; `absent` where there is none. */
export function textColumn(name: string, path: readonly string[], absent = '<none>'): Column {
  return { name, cell: (object) => textAt(object, path) || absent };
}

/** A column of the number at a path; 0 where there is none. */
export function numberColumn(name: string, path: readonly string[]): Column {
  return { name, type: 'integer', cell: (object) => numberAt(object, path) };
}

/** A number or text at a path, such as a quantity, as it is written. */
export function scalarAt(value: unknown, path: readonly string[], absent: string): string {
  const found = valueAt(value, path);
  return typeof found === 'string' || typeof found === 'number' ? String(found) : absent;
}

/** `<unknown>`, or as `durationText`. */
export function ageOf(time: string | undefined, now: () => number): string {
  const since = Date.parse(time ?? '');
  return Number.isNaN(since) ? '<unknown>' : durationText(now() - since);
}

interface Step {
  /** Seconds below which it is used. */
  readonly below: number;
  readonly unit: string;
  /** Seconds of the unit. */
  readonly size: number;
  /** What follows the unit: a smaller one, and its seconds. */
  readonly rest?: { readonly unit: string; readonly size: number };
}

const steps: readonly Step[] = [
  { below: 2 * 60, unit: 's', size: 1 },
  { below: 10 * 60, unit: 'm', size: 60, rest: { unit: 's', size: 1 } },
  { below: 3 * 3600, unit: 'm', size: 60 },
  { below: 8 * 3600, unit: 'h', size: 3600, rest: { unit: 'm', size: 60 } },
  { below: 48 * 3600, unit: 'h', size: 3600 },
  { below: 8 * 86_400, unit: 'd', size: 86_400, rest: { unit: 'h', size: 3600 } },
  { below: 2 * 365 * 86_400, unit: 'd', size: 86_400 },
  { below: 8 * 365 * 86_400, unit: 'y', size: 365 * 86_400, rest: { unit: 'd', size: 86_400 } },
];

const years: Step = { below: Number.POSITIVE_INFINITY, unit: 'y', size: 365 * 86_400 };

/** A duration as kubectl writes it, coarser the longer it is: 90s, 5m30s, 3h, 2d4h. */
export function durationText(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const { size, unit, rest } = steps.find(({ below }) => seconds < below) ?? years;
  const whole = `${Math.floor(seconds / size)}${unit}`;
  const small = rest === undefined ? 0 : Math.floor((seconds % size) / rest.size);
  return rest === undefined || small === 0 ? whole : `${whole}${small}${rest.unit}`;
}

/** Containers' names and images of a workload, as wide columns. */
export const containerColumns: readonly Column[] = [
  wide({ name: 'Containers', cell: (object) => containerFields(object, 'name') }),
  wide({ name: 'Images', cell: (object) => containerFields(object, 'image') }),
];

function containerFields(object: StoredObject, field: string): string {
  return arrayAt(object, ['spec', 'template', 'spec', 'containers'])
    .map((container) => textAt(container, [field]))
    .join(',');
}

export const selectorColumn: Column = wide({
  name: 'Selector',
  cell: (object) => selectorText(valueAt(object, ['spec', 'selector'])),
});

/** A LabelSelector as kubectl writes it: `a=b,c in (d,e)`. */
export function selectorText(selector: unknown): string {
  const terms = Object.entries(objectAt(selector, 'matchLabels')).map(
    ([key, value]) => `${key}=${String(value)}`,
  );
  for (const expression of arrayAt(selector, ['matchExpressions'])) terms.push(expressionText(expression));
  return terms.length === 0 ? '<none>' : terms.join(',');
}

function expressionText(expression: unknown): string {
  const key = textAt(expression, ['key']);
  const values = arrayAt(expression, ['values']).join(',');
  switch (textAt(expression, ['operator'])) {
    case 'In':
      return `${key} in (${values})`;
    case 'NotIn':
      return `${key} notin (${values})`;
    case 'DoesNotExist':
      return `!${key}`;
    default:
      return key;
  }
}

/** `a=b,c=d` of a map; `<none>` where it is empty. */
export function labelsText(labels: unknown): string {
  const terms = Object.entries(isObject(labels) ? labels : {}).map(
    ([key, value]) => `${key}=${String(value)}`,
  );
  return terms.length === 0 ? '<none>' : terms.join(',');
}

function objectAt(value: unknown, field: string): Record<string, unknown> {
  const found = valueAt(value, [field]);
  return isObject(found) ? found : {};
}

/** The first `most` of a list and how many more there are; `<none>` where it is empty. */
export function shortList(items: readonly string[], most = 3): string {
  if (items.length === 0) return '<none>';
  if (items.length <= most) return items.join(',');
  return `${items.slice(0, most).join(',')} + ${items.length - most} more...`;
}
