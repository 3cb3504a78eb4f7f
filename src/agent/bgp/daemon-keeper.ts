import type { BgpDaemons, BgpPlace, BgpSession, BgpSpeaker } from '../../drivers/bgp/port.ts';
import type { Clock } from '../../lib/clock.ts';
import { messageOf, WeftError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { createWorkQueue, type NextRun } from '../../lib/queue.ts';
import { sameJson } from '../../lib/same-json.ts';

/** Keeps daemons speaking as they should, and watches their sessions. */
export interface DaemonKeeper {
  /** What a place's daemon is to say from now on; undefined: no daemon. */
  set(place: BgpPlace, speaker: BgpSpeaker | undefined): void;
  /** Sessions as they were seen last, by place name. */
  sessions(): ReadonlyMap<string, readonly BgpSession[]>;
  /** Daemons go on. */
  stop(): Promise<void>;
}

export interface DaemonKeeperOptions {
  readonly daemons: BgpDaemons;
  readonly clock: Clock;
  readonly log: Log;
  /** Told of a place whose daemon could not be made to speak like this; tried again later. */
  readonly onFailure: (place: string, error: WeftError) => void;
  /** Told of a session that has come about, or is lost. */
  readonly onSession: (place: string, session: BgpSession) => void;
}

/** How often sessions are looked at. */
const lookMs = 1000;
const backOff = { firstMs: 100, mostMs: 10_000 } as const;

interface Kept {
  readonly place: BgpPlace;
  readonly wanted: BgpSpeaker | undefined;
}

export function createDaemonKeeper(options: DaemonKeeperOptions): DaemonKeeper {
  const { daemons, clock, log } = options;
  const kept = new Map<string, Kept>();
  const applied = new Map<string, BgpSpeaker>();
  /** Of an earlier process, and not looked at yet. */
  const inherited = new Set(daemons.places());
  const seen = new Map<string, readonly BgpSession[]>();

  const make = async (name: string): Promise<NextRun> => {
    const entry = kept.get(name);
    if (entry === undefined) return 'never';
    const { place, wanted } = entry;
    if (wanted === undefined) {
      await daemons.stop(place);
      for (const known of [applied, seen]) known.delete(name);
      if (kept.get(name) === entry) kept.delete(name);
      return 'never';
    }
    if (!sameJson(applied.get(name), wanted)) await daemons.apply(place, wanted);
    applied.set(name, wanted);
    await look(place);
    return { afterMs: lookMs };
  };

  const look = async (place: BgpPlace): Promise<void> => {
    const before = seen.get(place.name) ?? [];
    const now = await daemons.sessions(place);
    seen.set(place.name, now);
    for (const session of now) {
      const was = before.find(({ name }) => name === session.name)?.isEstablished ?? false;
      if (was !== session.isEstablished) options.onSession(place.name, session);
    }
  };

  const queue = createWorkQueue({
    clock,
    concurrency: 4,
    backOff,
    async handler(name) {
      try {
        return await make(name);
      } catch (error) {
        if (!(error instanceof WeftError)) throw error;
        log.warn(
          { place: name, code: error.code, error: error.message },
          'a routing daemon does not do as it should',
        );
        options.onFailure(name, error);
        return 'back-off';
      }
    },
    onThrow: (name, thrown) => log.error({ place: name, error: messageOf(thrown) }, 'defect'),
  });
  queue.start();

  return {
    set(place, wanted) {
      if (wanted === undefined && !kept.has(place.name) && !inherited.has(place.name)) return;
      inherited.delete(place.name);
      kept.set(place.name, { place, wanted });
      queue.add(place.name);
    },
    sessions: () => seen,
    async stop() {
      await queue.stop();
      daemons.release();
    },
  };
}
