/** An expression that does not compile: where in its text, and why. */
export class CelSyntaxError extends Error {
  /** Offset in the text, from 0. */
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.name = 'CelSyntaxError';
    this.at = at;
  }
}

/** An evaluation that came to no value. `&&` and `||` may do without the side that threw it. */
export class CelError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CelError';
  }
}

/** An evaluation that cost more than it may; nothing catches this but who set the limit. */
export class CostError extends Error {
  constructor() {
    super('operation cancelled: actual cost limit exceeded');
    this.name = 'CostError';
  }
}

/** Problems of an expression as cel-go writes them: position, message, the line and a mark under the place. */
export function describeProblems(text: string, problems: readonly { message: string; at: number }[]): string {
  return problems.map((problem) => describe(text, problem)).join('\n');
}

function describe(text: string, { message, at }: { message: string; at: number }): string {
  const before = text.slice(0, at).split('\n');
  const column = before.at(-1)?.length ?? 0;
  const line = text.split('\n')[before.length - 1] ?? '';
  return `ERROR: <input>:${before.length}:${column + 1}: ${message}\n | ${line}\n | ${'.'.repeat(column)}^`;
}
