import { systemClock, type Clock } from '../../lib/clock.ts';

/** What waits for the clients of one server to read it, together. */
export interface Backlog {
  /**
   * Counts what came to wait for a client, or less than nothing when it took some, in bytes. When the sum is too
   * much, the client that holds most, for longest, without taking any is cut off.
   */
  changed(member: Member, bytes: number): void;
  /** Forgets a client's stream that is over. */
  left(member: Member): void;
}

export interface Member {
  cut(): void;
}

export interface BacklogOptions {
  /** Up to here, in bytes, nobody is cut; up to twice of it, only who stands still. 512 MiB unless said otherwise. */
  readonly limit?: number;
  readonly clock?: Clock;
}

interface Held {
  bytes: number;
  /** When the client last took something, or the first of it came to wait. */
  since: number;
}

/** Thousands of slow watchers may hold this much in all; most of it is text that they share. */
const mostBytes = 512 * 1024 * 1024;

/** A client that takes nothing for so long does not read: others take much more slowly than all lists at once need. */
const standstillMs = 5_000;

export function createBacklog({ limit = mostBytes, clock = systemClock }: BacklogOptions = {}): Backlog {
  const held = new Map<Member, Held>();
  let sum = 0;
  let isCheckPlanned = false;

  const left = (member: Member): void => {
    sum -= held.get(member)?.bytes ?? 0;
    held.delete(member);
  };
  /** Who is to go while there is too much: who stands still; above twice the limit anybody, for then the server itself is in danger. */
  const guilty = (): Member | undefined => {
    if (sum <= limit) return undefined;
    const now = clock.monotonic();
    const leastMs = sum > 2 * limit ? 0 : standstillMs;
    let [found, most] = [undefined as Member | undefined, 0];
    for (const [member, { bytes, since }] of held) {
      const guilt = bytes * (now - since + 1);
      if (now - since < leastMs || guilt <= most) continue;
      [found, most] = [member, guilt];
    }
    return found;
  };
  const check = (): void => {
    for (let member = guilty(); member !== undefined; member = guilty()) {
      left(member);
      member.cut();
    }
    if (sum > limit) checkLater();
  };
  /** Nobody has to change for somebody to stand still. */
  const checkLater = (): void => {
    if (isCheckPlanned) return;
    isCheckPlanned = true;
    clock.after(standstillMs, () => {
      isCheckPlanned = false;
      check();
    });
  };
  const count = (member: Member, bytes: number): void => {
    const before = held.get(member);
    if (before === undefined) held.set(member, { bytes, since: clock.monotonic() });
    else {
      // What had nothing waiting begins anew, and what took some goes on.
      if (bytes < 0 || before.bytes === 0) before.since = clock.monotonic();
      before.bytes += bytes;
    }
    sum += bytes;
  };
  return {
    left,
    changed(member, bytes) {
      count(member, bytes);
      // Looking at all of them costs their number: between the limits once in a while, not with every change.
      if (sum > 2 * limit || (sum > limit && !isCheckPlanned)) check();
    },
  };
}
