const first = 20_000;
const last = 59_999;
const count = last - first + 1;

/**
 * Source ports for probes, each used by one running probe only, so that a logged packet tells whose it was. They
 * are taken in turn, which leaves late packets of an earlier probe a long time to pass.
 */
export class SourcePorts {
  readonly #taken = new Set<number>();
  #next: number;

  /** `start` differs between processes that probe at once: any number. */
  constructor(start: number) {
    this.#next = Math.abs(Math.trunc(start)) % count;
  }

  /** The next port nobody has; undefined when 40,000 probes are running. */
  take(): number | undefined {
    for (let tries = 0; tries < count; tries++) {
      const port = first + this.#next;
      this.#next = (this.#next + 1) % count;
      if (this.#taken.has(port)) continue;
      this.#taken.add(port);
      return port;
    }
    return undefined;
  }

  release(port: number): void {
    this.#taken.delete(port);
  }
}
