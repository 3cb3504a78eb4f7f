import type { Clock } from '../../lib/clock.ts';
import type { DnsRecord } from '../../wire/dns/message.ts';
import { aged, lifetimeOf, type ForeignAnswer } from './foreign-answer.ts';

/** Answers of other servers for as long as they say, and as many as fit. */
export interface AnswerCache {
  /** As old as it is by now; undefined when it is not there, or its time is up. */
  get(key: string): ForeignAnswer | undefined;
  put(key: string, answer: ForeignAnswer): void;
  clear(): void;
  /** Everything that is still good. */
  values(): Iterable<ForeignAnswer>;
  readonly size: number;
}

interface Entry {
  readonly answer: ForeignAnswer;
  readonly since: number;
  readonly until: number;
  readonly bytes: number;
}

export interface AnswerCacheOptions {
  readonly clock: Clock;
  /** About as much memory as it may take; 16 MiB when absent. */
  readonly mostBytes?: number;
}

/** Those that nobody has asked for longest go first when there is no more room. */
export function createAnswerCache({ clock, mostBytes = 16 << 20 }: AnswerCacheOptions): AnswerCache {
  const entries = new Map<string, Entry>();
  let bytes = 0;

  function remove(key: string): void {
    bytes -= entries.get(key)?.bytes ?? 0;
    entries.delete(key);
  }

  const now = (entry: Entry): ForeignAnswer | undefined => {
    const time = clock.monotonic();
    if (time >= entry.until) return undefined;
    // Rounded up, so that no client keeps it for longer than this cache.
    return aged(entry.answer, Math.ceil((time - entry.since) / 1000));
  };

  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      const answer = now(entry);
      entries.delete(key);
      if (answer === undefined) bytes -= entry.bytes;
      else entries.set(key, entry);
      return answer;
    },
    clear() {
      entries.clear();
      bytes = 0;
    },
    put(key, answer) {
      remove(key);
      const lifetime = lifetimeOf(answer);
      if (lifetime <= 0) return;
      const since = clock.monotonic();
      const entry = { answer, since, until: since + lifetime * 1000, bytes: sizeOf(key, answer) };
      entries.set(key, entry);
      bytes += entry.bytes;
      for (const oldest of entries.keys()) {
        if (bytes <= mostBytes) break;
        remove(oldest);
      }
    },
    *values() {
      for (const entry of entries.values()) {
        const answer = now(entry);
        if (answer !== undefined) yield answer;
      }
    },
    get size() {
      return entries.size;
    },
  };
}

/** About what an entry and a record take beside their texts. */
const [entryOverhead, recordOverhead] = [400, 250];

function sizeOf(key: string, { answers, authority }: ForeignAnswer): number {
  const records = [...answers, ...authority];
  return records.reduce((sum, record) => sum + recordOverhead + dataSize(record), entryOverhead + key.length);
}

function dataSize(record: DnsRecord): number {
  const data = record.type === 'other' ? record.data.length : 0;
  return record.name.length + data + ('target' in record ? record.target.length : 0);
}
