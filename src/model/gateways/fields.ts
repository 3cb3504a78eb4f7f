/*
 * Objects of Gateway API are checked by whoever defines their kinds, not here: what has not the shape that it should
 * have counts as absent.
 */

type Fields = Readonly<Record<string, unknown>>;

/** An object's fields; none for anything else. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

/** A list's items that are objects, each with its place: `path[index]`. */
export function itemsOf(value: unknown, path: string): { readonly item: Fields; readonly path: string }[] {
  if (!Array.isArray(value)) return [];
  return value.map((item, index) => ({ item: fieldsOf(item), path: `${path}[${index}]` }));
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A port's number, or its name. */
export function portOf(value: unknown): number | string | undefined {
  return typeof value === 'number' ? value : textOf(value);
}

export function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.flatMap((one) => textOf(one) ?? []) : [];
}
