import { parseAddress } from '../../lib/address.ts';
import type { Clock } from '../../lib/clock.ts';
import { WeftError } from '../../lib/errors.ts';
import type { NetworkConfig } from '../../model/network/config.ts';
import { nameableIn } from '../../model/policy/nameable.ts';
import type { DomainChanges, PolicyModel } from '../../model/policy/port.ts';
import { createAddressBook } from './address-book.ts';
import type { DomainJournal } from './journal.ts';

/** What the DNS server learned: for so many seconds, the name has these addresses. */
export interface DomainLesson {
  /** In lower case, without a final dot. */
  readonly name: string;
  readonly addresses: readonly string[];
  readonly ttl: number;
}

/** The domain names that policies use, and their addresses. */
export interface Domains {
  /** Resolves when every node is programmed with it. Rejects with `domain-addresses-too-many`. */
  learn(lesson: DomainLesson): Promise<void>;
  /** Calls back with every name in use, and with each change after. Returns what ends it. */
  subscribe(callback: (changes: DomainChanges) => void): () => void;
  /** What is known by now, by name. */
  current(): ReadonlyMap<string, readonly string[]>;
  /** Names that have, or had, the address: see `AddressBook`. */
  namesAt(address: string): readonly string[];
  /** To be called when policies may use other names. */
  policiesChanged(): void;
  stop(): void;
}

export interface DomainsOptions {
  readonly policies: PolicyModel;
  /** Programs what changed in the model; see `ClusterView.changed`. */
  readonly program: () => Promise<void>;
  readonly config: NetworkConfig;
  readonly journal?: DomainJournal | undefined;
  readonly clock: Clock;
}

/** Each has at most 255 letters, and a line of a stream its limits. */
const namesAtOnce = 1000;

/** Takes what an earlier process learned into the model at once: it must be there before anything is programmed. */
export function createDomains({ policies, program, config, journal, clock }: DomainsOptions): Domains {
  const used = new Set<string>();
  const subscribers = new Set<(changes: DomainChanges) => void>();
  const isNameable = nameableIn(config);
  let isRestoring = true;
  const book = createAddressBook({
    clock,
    onChange(name) {
      policies.setDomain(
        name,
        book.addressesOf(name).flatMap((text) => parseAddress(text) ?? []),
      );
      if (!isRestoring) void program();
    },
  });
  book.restore(journal?.read() ?? []);
  isRestoring = false;

  return {
    learn({ name, addresses, ttl }) {
      const nameable = addresses.filter(isNameable);
      const ttlMs = Math.max(ttl, config.minimumDomainTTL) * 1000;
      book.learn(name, nameable, ttlMs);
      const until = clock.now() + ttlMs;
      journal?.append(
        nameable.map((address) => ({ name, address, until })),
        () => book.entries(),
      );
      return program();
    },
    subscribe(callback) {
      subscribers.add(callback);
      const names = [...used];
      while (names.length > 0) callback({ added: names.splice(0, namesAtOnce), removed: [] });
      return () => subscribers.delete(callback);
    },
    current: () => book.current(),
    namesAt: (address) => book.namesAt(address),
    policiesChanged() {
      const changes = policies.takeDomainChanges();
      if (changes.added.length + changes.removed.length === 0) return;
      for (const name of changes.added) used.add(name);
      for (const name of changes.removed) used.delete(name);
      for (const tell of subscribers) tell(changes);
    },
    stop: () => book.stop(),
  };
}

/** What another process says it learned. Throws `domain-lesson-invalid`. */
export function decodeLesson(value: unknown): DomainLesson {
  const { name, addresses, ttl } = (value ?? {}) as Partial<Record<keyof DomainLesson, unknown>>;
  const isAddress = (one: unknown): one is string =>
    typeof one === 'string' && parseAddress(one) !== undefined;
  if (
    typeof name !== 'string' ||
    name.length > 1024 ||
    typeof ttl !== 'number' ||
    !(ttl >= 0 && ttl <= 86_400)
  ) {
    throw new WeftError('domain-lesson-invalid', 'a lesson has a name and seconds', { fault: 'input' });
  }
  if (!Array.isArray(addresses) || !addresses.every(isAddress)) {
    throw new WeftError('domain-lesson-invalid', 'a lesson has addresses', { fault: 'input' });
  }
  return { name, addresses, ttl };
}
