/**
 * One thing that is wrong with an object, in the form of a Status cause (meta/v1 StatusCause): `path` is the
 * field, as in `spec.ports[0].port` and `metadata.labels[app]`; `message` does not repeat it.
 */
export interface FieldProblem {
  readonly path: string;
  readonly reason: ProblemReason;
  readonly message: string;
  /** The name of a field that exists and that was probably meant. */
  readonly suggestion?: string;
}

/**
 * The reasons of apimachinery's field errors; and `UnknownField`, which the API server does not report as a
 * cause but, depending on `fieldValidation`, as a bad request, as a warning or not at all.
 */
export type ProblemReason =
  | 'FieldValueRequired'
  | 'FieldValueInvalid'
  | 'FieldValueTypeInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueDuplicate'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'UnknownField';

/** Something must be there and is not. */
export function required(path: string, detail = ''): FieldProblem {
  return { path, reason: 'FieldValueRequired', message: withDetail('Required value', detail) };
}

/** The value is of the right type but breaks a rule. */
export function invalid(path: string, value: unknown, detail: string): FieldProblem {
  return { path, reason: 'FieldValueInvalid', message: `Invalid value: ${shown(value)}: ${detail}` };
}

/** The value is of another type than the field's. */
export function wrongType(path: string, value: unknown, wanted: string): FieldProblem {
  return {
    path,
    reason: 'FieldValueTypeInvalid',
    message: `Invalid value: ${shown(value)}: must be ${wanted}`,
  };
}

/** The value is none of a closed list. */
export function notSupported(path: string, value: unknown, supported: readonly string[]): FieldProblem {
  const list = supported.map((one) => JSON.stringify(one)).join(', ');
  const message = `Unsupported value: ${shown(value)}: supported values: ${list}`;
  return { path, reason: 'FieldValueNotSupported', message };
}

/** The field may not be used here. */
export function forbidden(path: string, detail: string): FieldProblem {
  return { path, reason: 'FieldValueForbidden', message: withDetail('Forbidden', detail) };
}

/** The value must be unique and was seen before. */
export function duplicate(path: string, value: unknown): FieldProblem {
  return { path, reason: 'FieldValueDuplicate', message: `Duplicate value: ${shown(value)}` };
}

/** More characters than allowed. */
export function tooLong(path: string, most: number): FieldProblem {
  return { path, reason: 'FieldValueTooLong', message: `Too long: may not be more than ${most} bytes` };
}

/** More items than allowed. */
export function tooMany(path: string, count: number, most: number): FieldProblem {
  return {
    path,
    reason: 'FieldValueTooMany',
    message: `Too many: ${count}: must have at most ${most} ${most === 1 ? 'item' : 'items'}`,
  };
}

/** The object's type has no such field. */
export function unknownField(path: string, suggestion: string | undefined): FieldProblem {
  const problem = { path, reason: 'UnknownField', message: `unknown field ${JSON.stringify(path)}` } as const;
  return suggestion === undefined ? problem : { ...problem, suggestion };
}

/** JSON, cut short: a value may be as large as its sender likes. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 200 ? text : `${text.slice(0, 200)}...`;
}

function withDetail(what: string, detail: string): string {
  return detail === '' ? what : `${what}: ${detail}`;
}
