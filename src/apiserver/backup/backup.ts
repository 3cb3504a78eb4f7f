import { createHash } from 'node:crypto';
import { keyOf } from '../../api/resources.ts';
import { WeftError } from '../../lib/errors.ts';
import { isObject, numberAt, textAt, toStoredObject } from '../json.ts';
import type { ObjectRow, Snapshot } from '../store/port.ts';

/** Characters of a backup. No lab comes near it. */
export const longestBackup = 64 * 1024 * 1024;

/** Of the lines below. */
const format = 1;

/**
 * A snapshot as JSON lines: how many objects at which version, each object, and the SHA-256 of all that is above it.
 * Throws `backup-too-large`.
 */
export function writeBackup({ resourceVersion, rows }: Snapshot): string {
  const head = JSON.stringify({ weftBackup: format, resourceVersion, objects: rows.length });
  const lines = rows.map(
    ({ resource, key, rv, text }) =>
      `${JSON.stringify({ resource, key, rv }).slice(0, -1)},"object":${text}}`,
  );
  const body = `${[head, ...lines].join('\n')}\n`;
  if (body.length > longestBackup) throw tooLarge(`the objects take ${body.length} characters`);
  return `${body}${JSON.stringify({ sha256: digestOf(body) })}\n`;
}

/**
 * The snapshot of a text that `writeBackup` made. Throws `backup-damaged` naming the line, `backup-unknown` for what a
 * newer version made, and `backup-too-large`.
 */
export function readBackup(text: string): Snapshot {
  if (text.length > longestBackup + 100) throw tooLarge(`the file has ${text.length} characters`);
  const lines = checkedLines(text);
  const head = parsed(lines[0] ?? '', 1);
  const version = numberAt(head, ['weftBackup']);
  if (version > format) {
    throw new WeftError('backup-unknown', `a newer version of weft made this backup (format ${version})`, {
      hint: 'restore it with that version',
      fault: 'input',
    });
  }
  const resourceVersion = numberAt(head, ['resourceVersion']);
  if (version !== format || !isVersion(resourceVersion)) throw damaged(1, 'is no head of a backup');
  const rows = lines.slice(1).map((line, index) => rowOf(line, index + 2));
  if (rows.length !== numberAt(head, ['objects'])) throw damaged(1, 'counts other objects than there are');
  requireUnique(rows);
  return { resourceVersion, rows };
}

/** The lines before the last one, which has to be their checksum. */
function checkedLines(text: string): string[] {
  const end = text.lastIndexOf('\n', text.length - 2) + 1;
  const body = text.slice(0, end);
  const lines = body.split('\n');
  lines.pop();
  const trailer = text.endsWith('\n') ? /^\{"sha256":"([0-9a-f]{64})"\}\n$/.exec(text.slice(end)) : null;
  if (trailer === null) throw damaged(lines.length + 1, 'is no checksum: the end is missing');
  if (trailer[1] !== digestOf(body)) throw damaged(lines.length + 1, 'is the checksum of something else');
  return lines;
}

function rowOf(line: string, number: number): ObjectRow {
  const row = parsed(line, number);
  const [resource, key, rv] = [textAt(row, ['resource']), textAt(row, ['key']), numberAt(row, ['rv'])];
  const object = isObject(row) ? toStoredObject(row['object']) : undefined;
  if (object === undefined || !/^[a-z0-9][a-z0-9.-]{0,252}$/.test(resource) || !isVersion(rv))
    throw damaged(number, 'is no object');
  const { name } = object.metadata;
  if (typeof name !== 'string' || name === '' || keyOf(object) !== key)
    throw damaged(number, 'has another name than its object');
  return { resource, key, rv, text: JSON.stringify(object) };
}

function requireUnique(rows: readonly ObjectRow[]): void {
  const seen = new Set<string>();
  for (const [index, { resource, key }] of rows.entries()) {
    const word = `${resource} ${key}`;
    if (seen.has(word)) throw damaged(index + 2, 'has an object a second time');
    seen.add(word);
  }
}

function parsed(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw damaged(number, 'is not JSON');
  }
}

function isVersion(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function damaged(line: number, what: string): WeftError {
  return new WeftError('backup-damaged', `line ${line} of the backup ${what}`, {
    hint: 'nothing was changed; use another backup',
    fault: 'input',
  });
}

function tooLarge(what: string): WeftError {
  return new WeftError('backup-too-large', `${what}; a backup has ${longestBackup} at most`, {
    fault: 'input',
  });
}
