import { setImmediate as turn } from 'node:timers/promises';
import { resources, type Resource } from '../../src/api/resources.ts';
import { clientOf } from '../../src/client/fake/client.ts';
import type { FakeStore } from '../../src/client/fake/store.ts';
import type { Client } from '../../src/client/port.ts';
import { WeftError } from '../../src/lib/errors.ts';
import type { FakeClock } from '../../src/lib/fake-clock.ts';

/** A process that can die before any of its writes. */
export interface Mortal {
  readonly isDead: () => boolean;
  /** A client of the process: its writes are counted together with those of the others. */
  readonly clientOf: (store: FakeStore) => Client;
}

export interface MortalOptions {
  /** It dies before the write with this number, from 0. */
  readonly diesAt: number;
  /** Called before every request: what must always hold, also between two steps. */
  readonly check: () => void;
  /** Writes of these do not count, nor do Events. */
  readonly ignored?: readonly Resource[];
  /** Whether its caches are behind: two processes take one thing for free then. */
  readonly lags?: boolean;
}

const writes = new Set(['create', 'update', 'updateStatus', 'patch', 'delete']);

/** Others have their turn between any two of its steps. */
export function createMortal({ diesAt, check, ignored = [], lags = false }: MortalOptions): Mortal {
  const uncounted = new Set<Resource>([resources.events, ...ignored]);
  let written = 0;
  const isDead = (): boolean => written > diesAt;
  return {
    isDead,
    clientOf: (store) =>
      clientOf(store, {
        ...(lags && { deliver: (apply) => void setImmediate(() => setImmediate(apply)) }),
        async intercept({ verb, resource }) {
          check();
          if (writes.has(verb) && !uncounted.has(resource)) written += 1;
          if (isDead()) throw new WeftError('api-unavailable', 'the process is dead');
          await turn();
        },
      }),
  };
}

/** The shortest time that passes. */
export const stepMs = 5;

/** Time passes slowly beside what is done: no process stalls for longer than some milliseconds, however busy the machine. */
export async function pass(clock: FakeClock, ms: number): Promise<void> {
  for (let past = 0; past < ms; past += stepMs) {
    await turn();
    await clock.advance(stepMs);
  }
}
