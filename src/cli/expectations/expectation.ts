import { WeftError } from '../../lib/errors.ts';

/** What is expected of a connection; `not allowed` is anything but `allowed`. */
export type Expected = (typeof expectedVerdicts)[number] | 'not allowed';

/** A sentence about who reaches whom, that is to hold. */
export interface Expectation {
  /** As in `weft connect`. */
  readonly source: string;
  readonly destination: string;
  readonly expected: Expected;
  /** Where it was written; undefined for one of the command line. */
  readonly place: { readonly file: string; readonly line: number } | undefined;
  /** Why it is expected, in its author's words. */
  readonly because?: string;
}

const expectedVerdicts = ['allowed', 'denied', 'refused', 'unreachable'] as const;

/**
 * Parses `SOURCE -> DESTINATION [allowed|denied|refused|unreachable]`, allowed being the default, and
 * `SOURCE -/-> DESTINATION` for anything but allowed. Throws `expectation-invalid`.
 */
export function parseExpectation(text: string): Expectation {
  const [, source = '', arrow, destination = '', word] =
    /^\s*(\S+)\s+(->|-\/->)\s+(\S+)(?:\s+(\S+))?\s*$/.exec(text) ?? [];
  if (arrow === undefined) throw invalid(text, 'is not SOURCE -> DESTINATION');
  const isNegative = arrow === '-/->';
  if (isNegative && word === 'allowed') throw invalid(text, 'contradicts itself: -/-> means not allowed');
  const expected = word === undefined ? (isNegative ? 'not allowed' : 'allowed') : parseExpected(text, word);
  return { source, destination, expected, place: undefined };
}

/** One of the verdicts, or `not allowed`; `allow` and `deny` are short for two of them. Throws `expectation-invalid`. */
export function parseExpected(text: string, word: string): Expected {
  if (word === 'allow') return 'allowed';
  if (word === 'deny') return 'denied';
  const found = [...expectedVerdicts, 'not allowed' as const].find((one) => one === word);
  if (found !== undefined) return found;
  const words = ['allow', 'deny', ...expectedVerdicts].join(', ');
  throw invalid(text, `${JSON.stringify(word)} is not one of ${words}`);
}

/** Whether a verdict is as expected; what is not known is as nobody expects. */
export function satisfies(verdict: string, expected: Expected): boolean {
  if (expected !== 'not allowed') return verdict === expected;
  return verdict !== 'allowed' && verdict !== 'unknown';
}

/** `a/b -> svc:c/d:80 denied`, in a form that can be parsed again. */
export function formatExpectation({ source, destination, expected }: Expectation): string {
  if (expected === 'not allowed') return `${source} -/-> ${destination}`;
  return `${source} -> ${destination}${expected === 'allowed' ? '' : ` ${expected}`}`;
}

export function invalid(text: string, why: string): WeftError {
  return new WeftError('expectation-invalid', `${text}: ${why}`, {
    fault: 'input',
    hint: "write 'default/client -> svc:default/web:80', with allowed, denied, refused or unreachable behind it, or -/-> for not allowed",
  });
}
