import { removed } from './secret-patterns.ts';

/** Secrets that were come upon; each is then taken out of every text, whatever it stands in. */
export interface KnownSecrets {
  add(secret: string): void;
  /** Words that are no secrets, whoever uses them as such: names of objects, and labels. */
  allow(word: string): void;
  remove(text: string): string;
}

/** A shorter one is part of many a word; where it was found it is taken out all the same. */
const shortest = 6;
/** Lines of a longer secret, a key say, are secrets of their own. */
const shortestLine = 16;
const atOnce = 500;

export function createKnownSecrets(): KnownSecrets {
  const secrets = new Set<string>();
  const allowed = new Set<string>();
  let patterns: RegExp[] | undefined;
  return {
    add(secret) {
      for (const form of formsOf(secret)) secrets.add(form);
      patterns = undefined;
    },
    allow(word) {
      allowed.add(word);
      patterns = undefined;
    },
    remove(text) {
      patterns ??= patternsOf([...secrets].filter((secret) => !allowed.has(secret)));
      return patterns.reduce((rest, pattern) => rest.replace(pattern, removed), text);
    },
  };
}

/** A secret as it is, as JSON writes it, in base64 and in URLs; a long one line by line. */
function formsOf(secret: string): string[] {
  const trimmed = secret.trim();
  const lines = trimmed
    .split(/\r?\n/)
    .filter((line) => line.length >= shortestLine && !line.startsWith('-----'));
  const whole = [trimmed, JSON.stringify(trimmed).slice(1, -1), encodeURIComponent(trimmed)];
  const base64 = [secret, trimmed, `${trimmed}\n`].map((text) => Buffer.from(text).toString('base64'));
  return [...whole, ...base64, ...lines].filter((form) => form.length >= shortest);
}

/** Longest first: one may be part of another. */
function patternsOf(secrets: readonly string[]): RegExp[] {
  const ordered = secrets.toSorted((a, b) => b.length - a.length).map((secret) => RegExp.escape(secret));
  const chunks = Array.from({ length: Math.ceil(ordered.length / atOnce) }, (_, index) =>
    ordered.slice(index * atOnce, (index + 1) * atOnce),
  );
  return chunks.map((chunk) => new RegExp(chunk.join('|'), 'g'));
}
