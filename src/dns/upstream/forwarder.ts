import type { Clock } from '../../lib/clock.ts';
import type { DnsQuestion } from '../../wire/dns/message.ts';
import { createAnswerCache } from './cache.ts';
import type { UpstreamCounters } from './counters.ts';
import { foreignAnswer, type ForeignAnswer } from './foreign-answer.ts';
import type { UpstreamResolver } from './resolver.ts';

/** Answers for names outside the cluster. */
export interface Forwarder {
  /**
   * From memory at once where the answer is known; otherwise what the servers say when asked from the namespace.
   * Undefined, or a promise of it, when nobody can be asked or nobody knows. Never throws or rejects.
   */
  ask(question: DnsQuestion, netns: string): ForeignAnswer | undefined | Promise<ForeignAnswer | undefined>;
  /** Forgets what it knows: it would ask others now. Answers under way are told, and not remembered. */
  forget(): void;
  /** Every answer that is in memory and still good. */
  remembered(): Iterable<ForeignAnswer>;
}

export interface ForwarderOptions {
  readonly resolver: UpstreamResolver;
  readonly counters: UpstreamCounters;
  readonly clock: Clock;
}

/** Questions under way, each with a socket; beyond that, answers come from memory only. */
export const mostFlights = 512;
/** Clients that wait for any of them. */
const mostWaiting = 4096;

export function createForwarder({ resolver, counters, clock }: ForwarderOptions): Forwarder {
  const cache = createAnswerCache({ clock });
  /** Whoever asks what is being asked waits for the same answer: many at once would be easier to forge. */
  let flights = new Map<string, Promise<ForeignAnswer | undefined>>();
  let waiting = 0;

  async function fly(key: string, question: DnsQuestion, netns: string): Promise<ForeignAnswer | undefined> {
    const own = flights;
    try {
      const answer = foreignAnswer(question, await resolver.resolve(question, netns));
      if (own === flights) cache.put(key, answer);
      return answer;
    } catch {
      // Counted, by server, where it was asked.
      return undefined;
    } finally {
      own.delete(key);
    }
  }

  async function wait(flight: Promise<ForeignAnswer | undefined>): Promise<ForeignAnswer | undefined> {
    waiting += 1;
    try {
      return await flight;
    } finally {
      waiting -= 1;
    }
  }

  return {
    ask(question, netns) {
      const key = `${question.type} ${question.name.toLowerCase()}`;
      const known = cache.get(key);
      if (known !== undefined) {
        counters.cache.hits += 1;
        return known;
      }
      counters.cache.misses += 1;
      let flight = flights.get(key);
      if (waiting >= mostWaiting || (flight === undefined && flights.size >= mostFlights)) {
        counters.refused += 1;
        return undefined;
      }
      if (flight === undefined) {
        flight = fly(key, question, netns);
        flights.set(key, flight);
      }
      return wait(flight);
    },
    forget() {
      cache.clear();
      flights = new Map();
    },
    remembered: () => cache.values(),
  };
}
