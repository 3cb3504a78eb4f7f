import type { RoleName } from '../process-file.ts';

/** One line of a process's log. */
export interface LogLine {
  /** A role, or `events` for what was told as an Event. */
  readonly source: RoleName | 'events';
  /** Milliseconds since the epoch; of a line without a time, that of the line before it. */
  readonly time: number;
  readonly level: string;
  readonly message: string;
  /** Everything else that the line says. */
  readonly fields: Readonly<Record<string, unknown>>;
}

const levels: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

/** Said by every line, or by where it is. */
const known: ReadonlySet<string> = new Set(['level', 'time', 'msg', 'role', 'name', 'pid']);

/** Parses a line; what the runtime wrote by itself, a crash say, is no JSON and becomes an error's message. */
export function parseLogLine(source: RoleName, text: string, previousTime: number): LogLine {
  const { level, time, msg, ...rest } = objectIn(text) ?? { level: 50, msg: text };
  return {
    source,
    time: typeof time === 'number' ? time : previousTime,
    level: levels[Number(level)] ?? 'error',
    message: typeof msg === 'string' ? msg : '',
    fields: Object.fromEntries(
      Object.entries(rest).filter(([key, value]) => !known.has(key) || (key === 'name' && value !== source)),
    ),
  };
}

function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the line names one of these, as a word of its own: `node-1` is not `node-12`. */
export function mentions({ message, fields }: LogLine, words: readonly string[]): boolean {
  const texts = [message, ...Object.values(fields).filter((value) => typeof value === 'string')];
  return texts.some((text) => words.some((word) => hasWord(text, word)));
}

const isPartOfName = (character: string | undefined): boolean =>
  character !== undefined && /[\w.-]/.test(character);

function hasWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (!isPartOfName(text[at - 1]) && !isPartOfName(text[at + word.length])) return true;
  }
  return false;
}

/**
 * `2026-01-31T10:00:00.000Z WARN  agents: pod could not be started pod=shop/web-0`. Nothing that a terminal would
 * obey is left in it: names and messages come from anywhere.
 */
export function formatLogLine({ time, level, source, message, fields }: LogLine): string {
  const rest = Object.entries(fields).map(([key, value]) => ` ${key}=${fieldText(value)}`);
  const when = new Date(time).toISOString();
  return printable(`${when} ${level.toUpperCase().padEnd(5)} ${source}: ${message}${rest.join('')}`);
}

function fieldText(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}

function printable(text: string): string {
  // Control characters, C1 among them.
  return text.replaceAll(
    /[\p{Cc}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
