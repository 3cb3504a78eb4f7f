import { RE2JS } from 're2js';

/** A pattern in the syntax of RE2, which is what Kubernetes means by one; matching takes linear time. */
export interface Pattern {
  readonly text: string;
  /** Whether it matches anywhere in the value. */
  test(value: string): boolean;
  /** The first match; undefined where there is none. */
  find(value: string): string | undefined;
  /** Matches from left to right, at most `most` of them. */
  findAll(value: string, most: number): string[];
}

/** Patterns that were compiled once; schemas repeat the same few. */
const compiled = new Map<string, Pattern>();
const mostKept = 2000;

/** Throws a SyntaxError that says what is wrong with the text. */
export function patternOf(text: string): Pattern {
  let pattern = compiled.get(text);
  if (pattern === undefined) {
    pattern = compile(text);
    if (compiled.size >= mostKept) compiled.clear();
    compiled.set(text, pattern);
  }
  return pattern;
}

function compile(text: string): Pattern {
  const re2 = parse(text);
  return {
    text,
    test: (value) => re2.test(value),
    find: (value) => re2.exec(value)?.[0],
    findAll(value, most) {
      const found: string[] = [];
      for (const match of re2.matchAll(value)) {
        if (found.length >= most) break;
        found.push(match[0] ?? '');
      }
      return found;
    },
  };
}

function parse(text: string): RE2JS {
  try {
    return RE2JS.compile(text);
  } catch (thrown) {
    throw new SyntaxError(thrown instanceof Error ? thrown.message : 'error parsing regexp', {
      cause: thrown,
    });
  }
}
