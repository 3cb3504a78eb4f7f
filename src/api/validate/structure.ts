import { objectType, typeNameOf, type Field, type FieldType, type ObjectType } from '../schema/schema.ts';
import { notSupported, required, unknownField, wrongType, type FieldProblem } from './problem.ts';
import { nearest } from './suggest.ts';

/** Deeper than any object of the API goes. */
const depthLimit = 64;

/** No more problems than anybody reads; the walk ends there. */
const problemLimit = 100;

/** A JSON object: what is neither a scalar nor a list. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Compares an object with the schema of its kind: unknown fields, wrong types, values outside an enumeration,
 * missing required fields (not inside `status`, which controllers fill step by step). A null counts as absent,
 * as in JSON decoded by Kubernetes. Of a kind without schema only `metadata` is compared.
 */
export function structuralProblems(object: unknown): FieldProblem[] {
  if (!isObject(object)) return [wrongType('', object, 'an object')];
  const { apiVersion, kind } = object;
  const problems = [...typeMetaProblem('apiVersion', apiVersion), ...typeMetaProblem('kind', kind)];
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || problems.length > 0) return problems;
  const walk = new Walk();
  const name = typeNameOf(apiVersion, kind);
  if (name !== undefined) walk.object(object, { kind: 'object', name }, { path: '', depth: 0 });
  else walk.opaque(object);
  return walk.problems;
}

function typeMetaProblem(path: string, value: unknown): FieldProblem[] {
  if (value === undefined || value === null || value === '') return [required(path)];
  return typeof value === 'string' ? [] : [wrongType(path, value, 'a string')];
}

interface Place {
  readonly path: string;
  readonly depth: number;
}

class Walk {
  readonly problems: FieldProblem[] = [];
  #inStatus = false;

  object(value: unknown, type: { name: string; kind: 'object' }, at: Place): void {
    if (!isObject(value)) return this.#report(wrongType(at.path, value, 'an object'));
    const fields = objectType(type.name);
    for (const key in value) {
      if (this.problems.length >= problemLimit) return;
      const field = fields.get(key);
      if (field === undefined)
        this.#report(unknownField(childPath(at.path, key), nearest(key, fields.keys())));
      else this.#field(value[key], field, { parent: at, key });
    }
    if (this.#inStatus) return;
    for (const key of requiredOf(fields)) {
      if (!isPresent(value[key])) this.#report(required(childPath(at.path, key)));
    }
  }

  /** Everything but the metadata of an object whose kind is not known here; only its depth is bounded. */
  opaque(object: Readonly<Record<string, unknown>>): void {
    const type = { kind: 'object', name: 'ObjectMeta' } as const;
    if (isPresent(object['metadata'])) this.object(object['metadata'], type, { path: 'metadata', depth: 1 });
    for (const key in object) {
      if (key !== 'metadata') this.#any(object[key], { path: key, depth: 1 });
    }
  }

  #field(value: unknown, field: Field, { parent, key }: { parent: Place; key: string }): void {
    if (!isPresent(value)) return;
    const { kind } = field.type;
    if (kind === 'string' && typeof value === 'string') return;
    const isStatus = parent.path === '' && key === 'status';
    if (isStatus) this.#inStatus = true;
    this.#value(value, field.type, { path: childPath(parent.path, key), depth: parent.depth + 1 });
    if (isStatus) this.#inStatus = false;
  }

  #value(value: unknown, type: FieldType, at: Place): void {
    if (at.depth > depthLimit)
      return this.#report(wrongType(at.path, '...', `nested at most ${depthLimit} deep`));
    if (type.kind === 'object')
      return type.orBoolean === true && typeof value === 'boolean' ? undefined : this.object(value, type, at);
    if (type.kind === 'array') return this.#array(value, type.item, at);
    if (type.kind === 'map') return this.#map(value, type.item, at);
    if (type.kind === 'enum') return this.#enumeration(value, type.values, at);
    if (type.kind === 'any') return this.#any(value, at);
    if (!fits[type.kind](value)) this.#report(wrongType(at.path, value, wanted[type.kind]));
    return undefined;
  }

  #array(value: unknown, item: FieldType, at: Place): void {
    if (!Array.isArray(value)) return this.#report(wrongType(at.path, value, 'a list'));
    for (const [index, one] of value.entries()) {
      if (this.problems.length >= problemLimit) return;
      if (isPresent(one)) this.#value(one, item, { path: `${at.path}[${index}]`, depth: at.depth + 1 });
    }
  }

  #map(value: unknown, item: FieldType, at: Place): void {
    if (!isObject(value)) return this.#report(wrongType(at.path, value, 'a map'));
    for (const key in value) {
      if (this.problems.length >= problemLimit) return;
      const one = value[key];
      if (isPresent(one)) this.#value(one, item, { path: `${at.path}[${key}]`, depth: at.depth + 1 });
    }
  }

  #enumeration(value: unknown, values: readonly string[], at: Place): void {
    if (typeof value !== 'string') this.#report(wrongType(at.path, value, 'a string'));
    // The empty text is how Go writes absence.
    else if (value !== '' && !values.includes(value)) this.#report(notSupported(at.path, value, values));
  }

  #any(value: unknown, at: Place): void {
    if (typeof value !== 'object' || value === null) return;
    if (at.depth > depthLimit)
      return this.#report(wrongType(at.path, '...', `nested at most ${depthLimit} deep`));
    for (const [key, one] of Object.entries(value)) {
      if (this.problems.length >= problemLimit) return;
      this.#any(one, { path: childPath(at.path, key), depth: at.depth + 1 });
    }
  }

  #report(problem: FieldProblem): void {
    this.problems.push(problem);
  }
}

const requiredFields = new WeakMap<ObjectType, readonly string[]>();

/** The required fields of a type, found once. */
function requiredOf(fields: ObjectType): readonly string[] {
  let known = requiredFields.get(fields);
  if (known === undefined) {
    known = [...fields].filter(([, { required: isRequired }]) => isRequired).map(([key]) => key);
    requiredFields.set(fields, known);
  }
  return known;
}

function childPath(parent: string, key: string): string {
  return parent === '' ? key : `${parent}.${key}`;
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

type Scalar = 'string' | 'integer' | 'number' | 'boolean' | 'quantity' | 'int-or-string';

const quantityPattern = /^[+-]?(\d+(\.\d*)?|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;

const fits: Record<Scalar, (value: unknown) => boolean> = {
  string: (value) => typeof value === 'string',
  integer: (value) => Number.isSafeInteger(value),
  number: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  quantity: (value) =>
    typeof value === 'number' || (typeof value === 'string' && quantityPattern.test(value)),
  'int-or-string': (value) => typeof value === 'string' || Number.isSafeInteger(value),
};

const wanted: Record<Scalar, string> = {
  string: 'a string',
  integer: 'an integer',
  number: 'a number',
  boolean: 'true or false',
  quantity: 'a quantity such as 100m or 64Mi',
  'int-or-string': 'an integer or a string',
};
