/**
 * Keeps one object per key for as long as somebody holds it, so that equal values are the same object and can be
 * compared and grouped by identity. What nobody holds any more is forgotten with it.
 */
export function createInterner<T extends object>(): (key: string, value: T) => T {
  const known = new Map<string, WeakRef<T>>();
  const forgotten = new FinalizationRegistry<string>((key) => {
    // The key may belong to a successor by now.
    if (known.get(key)?.deref() === undefined) known.delete(key);
  });
  return (key, value) => {
    const first = known.get(key)?.deref();
    if (first !== undefined) return first;
    known.set(key, new WeakRef(value));
    forgotten.register(value, key);
    return value;
  };
}
