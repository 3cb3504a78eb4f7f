/** A deep copy of JSON data that cannot be modified, without fields that are undefined. */
export function frozenCopy<T>(value: T): T {
  return copy(value, Object.freeze);
}

/** A deep copy of JSON data that may be modified, as a parsed answer may. */
export function freshCopy<T>(value: T): T {
  return copy(value, (part) => part);
}

function copy<T>(value: T, finish: <P>(part: P) => P): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return finish(value.map((item) => copy(item, finish)) as T);
  const result: Record<string, unknown> = {};
  for (const field of Object.keys(value)) {
    const item: unknown = Reflect.get(value, field);
    if (item !== undefined) result[field] = copy(item, finish);
  }
  return finish(result as T);
}
