import type { Clock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { within } from '../../lib/within.ts';
import { patternsOf } from '../../model/policy/domain-names.ts';
import type { DnsQuestion } from '../../wire/dns/message.ts';
import type { ForeignNames } from '../responder.ts';
import type { UpstreamCounters } from '../upstream/counters.ts';
import { addressesOf, type ForeignAnswer } from '../upstream/foreign-answer.ts';
import type { Forwarder } from '../upstream/forwarder.ts';

/** Whoever programs the nodes, as the DNS server knows it. */
export interface DomainAgents {
  /**
   * Names that policies use (lines of `{added, removed}`, unchecked), all of them at first; ends when the signal is
   * aborted. Rejects when the agents go away.
   */
  follow(options: {
    readonly signal: AbortSignal;
    readonly onOpen: () => void;
    readonly onValue: (value: unknown) => void;
  }): Promise<void>;
  /** Resolves when every node lets those pods connect that policies let. */
  learn(lesson: {
    readonly name: string;
    readonly addresses: readonly string[];
    readonly ttl: number;
  }): Promise<void>;
}

/** Answers for names outside the cluster, held back until what policies make of them is programmed. */
export interface DomainGate extends ForeignNames {
  start(): void;
  stop(): void;
}

export interface DomainGateOptions {
  readonly forwarder: Pick<Forwarder, 'ask' | 'remembered'>;
  readonly agents: DomainAgents;
  readonly counters: UpstreamCounters;
  readonly clock: Clock;
  readonly log: Log;
}

/** An answer is held back for no longer: it is given out then, and the nodes may still drop what follows from it. */
export const longestHoldMs = 1000;
const reconnectAfterMs = 200;
/** Lessons that are remembered, so that an answer from memory is not told again. */
const mostTold = 20_000;

export function createDomainGate(options: DomainGateOptions): DomainGate {
  const { forwarder, agents, counters, clock, log } = options;
  const used = new Set<string>();
  /** Until when, in monotonic milliseconds, the agents know of a name's address; by `name address`. */
  const told = new Map<string, number>();
  const stopped = new AbortController();
  let isFollowing = false;

  const isUsed = (name: string): boolean => patternsOf(name).some((pattern) => used.has(pattern));

  /** The names in the answer that policies use, whose addresses the agents do not know for long enough. */
  function untold({ names }: ForeignAnswer, addresses: readonly string[], until: number): string[] {
    return names.filter(
      (name) => isUsed(name) && addresses.some((one) => (told.get(`${name} ${one}`) ?? 0) < until),
    );
  }

  /** Undefined when nobody needs to be told. */
  function tell(answer: ForeignAnswer): Promise<unknown> | undefined {
    if (used.size === 0) return undefined;
    const { addresses, ttl } = addressesOf(answer);
    if (addresses.length === 0) return undefined;
    const until = clock.monotonic() + ttl * 1000;
    const names = untold(answer, addresses, until);
    if (names.length === 0) return undefined;
    return Promise.all(
      names.map(async (name) => {
        await agents.learn({ name, addresses, ttl });
        for (const address of addresses) told.set(`${name} ${address}`, until);
        for (const key of told.keys()) {
          if (told.size <= mostTold) break;
          told.delete(key);
        }
      }),
    );
  }

  async function held(answer: ForeignAnswer, work: Promise<unknown>): Promise<ForeignAnswer> {
    try {
      await within(clock, { what: 'programming a domain name', ms: longestHoldMs }, work);
    } catch (thrown) {
      counters.unprogrammed += 1;
      log.warn(
        { name: answer.names[0], error: messageOf(thrown) },
        'a domain name could not be programmed in time',
      );
    }
    return answer;
  }

  const admit = (answer: ForeignAnswer | undefined): ForeignAnswer | undefined | Promise<ForeignAnswer> => {
    const work = answer && tell(answer);
    return answer === undefined || work === undefined ? answer : held(answer, work);
  };

  /** What is given out already: pods may hold its addresses, and ask no more for them. */
  function tellRemembered(): void {
    for (const answer of forwarder.remembered()) {
      const work = tell(answer);
      if (work !== undefined) void held(answer, work);
    }
  }

  function change(value: unknown): void {
    const { added, removed } = (value ?? {}) as { added?: unknown; removed?: unknown };
    for (const name of textsIn(removed)) used.delete(name);
    const news = textsIn(added).filter((name) => !used.has(name));
    for (const name of news) used.add(name);
    if (news.length > 0) tellRemembered();
  }

  async function follow(): Promise<void> {
    while (!stopped.signal.aborted) {
      try {
        const onOpen = (): void => {
          // Others than those who were told.
          used.clear();
          told.clear();
        };
        await agents.follow({ signal: stopped.signal, onOpen, onValue: change });
      } catch (thrown) {
        log.debug({ error: messageOf(thrown) }, 'nobody says which names policies use');
      }
      await new Promise<void>((resolve) => void clock.after(reconnectAfterMs, resolve));
    }
  }

  return {
    ask(question: DnsQuestion, netns: string) {
      const answer = forwarder.ask(question, netns);
      return answer instanceof Promise ? answer.then(admit) : admit(answer);
    },
    start() {
      if (isFollowing) return;
      isFollowing = true;
      void follow();
    },
    stop: () => stopped.abort(),
  };
}

function textsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}
