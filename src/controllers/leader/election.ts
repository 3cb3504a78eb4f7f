import type { Client, ObjectName } from '../../client/port.ts';
import type { Clock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Service } from '../../lib/lifecycle.ts';
import type { Log } from '../../lib/log.ts';
import { sleep } from '../../lib/sleep.ts';
import { leases, microTime, type Lease, type LeaseSpec } from '../../api/lease.ts';

export interface ElectionOptions {
  readonly client: Pick<Client, 'get' | 'create' | 'update'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly lease: Required<ObjectName>;
  /** Who asks. No two processes that run may have the same. One that is started again may have the old one's. */
  readonly identity: string;
  /** Called, without anybody waiting, when a term begins. */
  readonly onLead: () => void;
  /** Called when a term is over, before anybody else can begin one: nothing may be done from here on. */
  readonly onLose: () => void;
  /** A number in [0, 1); Math.random unless a test decides. */
  readonly random?: () => number;
}

/** Stands for leadership from `start` to `stop`, which gives it back at once. */
export interface Election extends Service {
  /** Whether something may be done now. Also false for a process that slept through the end of its term. */
  isLeading(): boolean;
  /** Terms begun. */
  terms(): number;
}

/** The times of upstream's own controllers. */
export const electionTimes = {
  /** How long the others wait after they saw the last renewal. */
  leaseMs: 15_000,
  /** After this without a renewal a leader stops: well before the others begin. */
  renewWithinMs: 10_000,
  retryMs: 2_000,
} as const;

/**
 * Leader election by a Lease. The times in it are for people: each candidate measures on its own monotonic clock how
 * long the Lease has not changed, so that clocks that differ or jump neither depose a leader nor make two. A leader
 * counts its term from before it sent the renewal, the others from after they saw it.
 */
export function createElection(options: ElectionOptions): Election {
  const { client, clock, log, lease: name, identity, random = Math.random } = options;
  const { leaseMs, renewWithinMs, retryMs } = electionTimes;
  const stopping = new AbortController();
  let leading = false;
  let terms = 0;
  let leadsUntil = 0;
  let cancelEnd = (): void => {};
  let seen: { readonly version: string; readonly at: number } | undefined;
  let loop: Promise<void> | undefined;

  function hold(since: number): void {
    // A renewal that took longer than the term holds nothing: somebody else may lead by now.
    const leftMs = since + renewWithinMs - clock.monotonic();
    if (leftMs <= 0 || stopping.signal.aborted) return;
    leadsUntil = since + renewWithinMs;
    cancelEnd();
    cancelEnd = clock.after(leftMs, lose);
    if (leading) return;
    leading = true;
    terms += 1;
    log.info({ lease: name.name, identity }, 'leading');
    options.onLead();
  }

  function lose(): void {
    cancelEnd();
    if (!leading) return;
    leading = false;
    log.warn({ lease: name.name, identity }, 'not leading any more');
    options.onLose();
  }

  function specOf(before: LeaseSpec | undefined): LeaseSpec {
    const now = microTime(clock.now());
    const own = before?.holderIdentity === identity;
    const transitions = before?.leaseTransitions ?? 0;
    return {
      holderIdentity: identity,
      leaseDurationSeconds: leaseMs / 1000,
      acquireTime: own ? (before.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: before === undefined || own ? transitions : transitions + 1,
    };
  }

  /** Whether the lease is nobody's, ours, or has not been renewed for as long as its holder said. */
  function isFree({ metadata: { resourceVersion = '' }, spec }: Lease): boolean {
    const { holderIdentity = '', leaseDurationSeconds = leaseMs / 1000 } = spec;
    if (holderIdentity === '' || holderIdentity === identity) return true;
    const now = clock.monotonic();
    if (seen?.version !== resourceVersion) seen = { version: resourceVersion, at: now };
    return now >= seen.at + leaseDurationSeconds * 1000;
  }

  async function attempt(): Promise<void> {
    const since = clock.monotonic();
    const current = await client.get(leases, name);
    if (current === undefined) {
      const fresh: Lease = {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: name,
        spec: specOf(undefined),
      };
      await client.create(leases, fresh);
      hold(since);
    } else if (isFree(current)) {
      // Of several who find it free the version lets one through.
      await client.update(leases, { ...current, spec: specOf(current.spec) });
      hold(since);
    } else lose();
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await attempt();
      } catch (thrown) {
        log.debug({ lease: name.name, why: messageOf(thrown) }, 'the lease could not be had');
      }
      await sleep(clock, retryMs * (1 + random() / 5), stopping.signal);
    }
  }

  async function giveBack(): Promise<void> {
    const current = await client.get(leases, name);
    if (current?.spec.holderIdentity !== identity) return;
    const spec = { ...current.spec, holderIdentity: '', leaseDurationSeconds: 1 };
    await client.update(leases, { ...current, spec });
  }

  return {
    isLeading: () => leading && clock.monotonic() < leadsUntil,
    terms: () => terms,
    start() {
      loop ??= run();
      return Promise.resolve();
    },
    async stop() {
      if (stopping.signal.aborted) return;
      stopping.abort();
      await loop;
      const led = leading;
      lose();
      // Who cannot give it back lets it run out.
      if (led)
        await giveBack().catch((thrown: unknown) => log.debug({ why: messageOf(thrown) }, 'lease kept'));
    },
  };
}
