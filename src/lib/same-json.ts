/** Whether two JSON values are equal. A field that is undefined counts as absent: JSON cannot say it. */
export function sameJson(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (Array.isArray(one)) {
    if (!Array.isArray(other) || one.length !== other.length) return false;
    return one.every((item, index) => sameJson(item, other[index]));
  }
  if (!isRecord(one) || !isRecord(other)) return false;
  return covers(one, other) && covers(other, one, false);
}

/** Whether every field of `one` is in `other`, and with `compare` equal there. */
function covers(one: Record<string, unknown>, other: Record<string, unknown>, compare = true): boolean {
  for (const field of Object.keys(one)) {
    const value = one[field];
    if (value === undefined && !compare) continue;
    const against = Object.hasOwn(other, field) ? other[field] : undefined;
    if (compare ? !sameJson(value, against) : against === undefined) return false;
  }
  return true;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
