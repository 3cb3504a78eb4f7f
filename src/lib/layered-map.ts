/** A map that begins with what another one holds, and neither copies nor changes it. The other one must stay as it is. */
export class LayeredMap<Key, Value extends object> {
  readonly #base: ReadonlyMap<Key, Value>;
  /** What is another value than below, or undefined where there is none any more. */
  readonly #own = new Map<Key, Value | undefined>();

  constructor(base: ReadonlyMap<Key, Value> = new Map()) {
    this.#base = base;
  }

  get isEmpty(): boolean {
    return this.entries().next().done === true;
  }

  get(key: Key): Value | undefined {
    const own = this.#own.get(key);
    return own !== undefined || this.#own.has(key) ? own : this.#base.get(key);
  }

  set(key: Key, value: Value): void {
    this.#own.set(key, value);
  }

  delete(key: Key): void {
    if (this.#base.has(key)) this.#own.set(key, undefined);
    else this.#own.delete(key);
  }

  *entries(): Generator<readonly [Key, Value], void> {
    for (const entry of this.#base) if (!this.#own.has(entry[0])) yield entry;
    for (const [key, value] of this.#own) if (value !== undefined) yield [key, value];
  }
}
