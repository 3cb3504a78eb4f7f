/** JSON merge patch (RFC 7386): null removes a field, objects merge, everything else replaces. Copies, never modifies. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete result[field];
    // `__proto__` as a field name must stay data.
    else Object.defineProperty(result, field, { value: mergePatch(result[field], value), ...plain });
  }
  return result;
}

const plain = { writable: true, enumerable: true, configurable: true } as const;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
