import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { parseAddress } from '../../lib/address.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import type { KnownAddress } from './address-book.ts';

/** Keeps what was learned of domain names for the next process. */
export interface DomainJournal {
  /** Everything that earlier processes wrote down; nothing where there is no file. */
  read(): KnownAddress[];
  /** Adds a line. `all` is asked for when the file has become much longer than what is to be kept. */
  append(learned: readonly KnownAddress[], all: () => Iterable<KnownAddress>): void;
}

/** Lines that are written before the file is made anew, at least. */
const leastLines = 1000;
/** Longer files are none of ours. */
const longestFile = 64 << 20;

/** A line per lesson, so that learning costs its own size. What cannot be written is logged, and not kept. */
export function createDomainJournal({ path, log }: { path: string; log: Log }): DomainJournal {
  let lines = 0;
  let rewriteAt = leastLines;

  function rewrite(all: Iterable<KnownAddress>): void {
    const kept = [...all];
    writeFileSync(`${path}.new`, kept.map((one) => lineOf([one])).join(''), { mode: 0o600 });
    renameSync(`${path}.new`, path);
    lines = kept.length;
    rewriteAt = 2 * kept.length + leastLines;
  }

  return {
    read() {
      try {
        const text = readFileSync(path, { encoding: 'utf8' });
        const known = text.length > longestFile ? [] : text.split('\n').flatMap(readLine);
        lines = known.length;
        return known;
      } catch {
        return [];
      }
    },
    append(learned, all) {
      try {
        appendFileSync(path, lineOf(learned), { mode: 0o600 });
        lines += 1;
        if (lines > rewriteAt) rewrite(all());
      } catch (thrown) {
        log.warn({ error: messageOf(thrown) }, 'what was learned of a domain name cannot be kept');
      }
    },
  };
}

function lineOf(learned: readonly KnownAddress[]): string {
  return `${JSON.stringify(learned)}\n`;
}

/** Nothing for a line that was cut short, or is something else. */
function readLine(line: string): KnownAddress[] {
  try {
    const value: unknown = JSON.parse(line);
    return Array.isArray(value) ? value.filter(isKnownAddress) : [];
  } catch {
    return [];
  }
}

function isKnownAddress(value: unknown): value is KnownAddress {
  if (typeof value !== 'object' || value === null) return false;
  const { name, address, until } = value as Partial<Record<keyof KnownAddress, unknown>>;
  const isText = typeof name === 'string' && typeof address === 'string';
  return isText && typeof until === 'number' && parseAddress(address) !== undefined;
}
