/** Times of the election and of the probes before it, in milliseconds. */
export const times = {
  /** How often a speaker that answers for addresses says so. */
  heartbeat: 200,
  /** After so much silence a speaker is taken for dead: three heartbeats. */
  silence: 600,
  /** How much longer each further one waits, so that the next in order is first. */
  skew: 150,
  /** RFC 5227 has seconds: its machines wait for their switch ports to come up, which a node's has long done. */
  probe: 60,
  probes: 3,
  /** From the first probe to taking the address. */
  probing: 200,
  announcement: 1_100,
  announcements: 5,
  /** Announcements go on, for caches that forget and switches that learn anew. */
  reminder: 60_000,
  /** When an address is probed again that somebody else had. */
  conflict: 30_000,
  /** A second claim of a stranger within this time ends the defence of an address (RFC 5227 section 2.4). */
  defence: 10_000,
  /** Claims so soon after it are of the same announcement. */
  burst: 1_000,
} as const;

/** What a speaker is to do about an address now. */
export type Step = 'nothing' | 'probe' | 'take' | 'announce';

/** What a stranger's claim leads to. */
export type Defence = 'ignore' | 'defend' | 'yield';

type Phase =
  | { readonly name: 'listening' }
  | { readonly name: 'probing'; readonly since: number; sent: number }
  | { readonly name: 'held'; announcements: number; next: number; defended: number }
  | { readonly name: 'conflict'; readonly until: number };

/**
 * One address as one node sees it: whether the node answers for it, and what comes next. Knows no frames and no clock;
 * times are those that it is told, in milliseconds.
 *
 *     listening ── all before it are silent ──> probing ── nobody objects ──> held
 *        ^  └──── one before it speaks up ──────────┴───────────────────────────┘ │
 *        └───────────────────── conflict <──── a stranger has it ────────────────┘
 */
export class Holding {
  readonly address: string;
  /** The nodes that come before this one. */
  #superiors: readonly string[] = [];
  #phase: Phase = { name: 'listening' };
  readonly #since: number;
  #lastHeard = Number.NEGATIVE_INFINITY;
  /** The cluster has it already: it needs no probing when it comes to another node. */
  #isClusters = false;

  constructor(address: string, now: number) {
    this.address = address;
    this.#since = now;
  }

  get isHeld(): boolean {
    return this.#phase.name === 'held';
  }

  /** It is to be told to the other speakers. */
  get isClaimed(): boolean {
    return this.isHeld || this.#phase.name === 'probing';
  }

  setOrder(order: readonly string[], node: string): void {
    this.#superiors = order.slice(0, order.indexOf(node));
  }

  /** What is decided: it is held, somebody before this node lives who has it, or a stranger does. */
  isSettled(now: number): boolean {
    if (this.#phase.name === 'listening') return now < this.#deadline();
    return this.#phase.name !== 'probing';
  }

  step(now: number): Step {
    const phase = this.#phase;
    if (phase.name === 'probing') return this.#probe(phase, now);
    if (phase.name === 'held') return now < phase.next ? 'nothing' : this.#announce(phase, now);
    if (phase.name === 'listening') return now < this.#deadline() ? 'nothing' : this.#begin(now);
    if (now >= phase.until) this.#phase = { name: 'listening' };
    return 'nothing';
  }

  /** Another speaker of the cluster claims it. True when this one gave way. */
  heard(node: string, isHeld: boolean, now: number): boolean {
    this.#isClusters ||= isHeld;
    if (this.#superiors.includes(node)) {
      this.#lastHeard = now;
      if (!this.isClaimed) return false;
      this.#phase = { name: 'listening' };
      return true;
    }
    // It comes from where this node was not heard, and so did those who believed it.
    if (isHeld && this.#phase.name === 'held' && this.#phase.announcements > 0) {
      this.#phase = { ...this.#phase, announcements: 0, next: now };
    }
    return false;
  }

  /** A stranger says that he has it. */
  stranger(mac: string, own: string, now: number): Defence {
    const phase = this.#phase;
    if (phase.name === 'probing') return this.#yield(now);
    if (phase.name !== 'held') {
      // Whoever takes it next has to ask first.
      this.#isClusters = false;
      return 'ignore';
    }
    // Of two clusters that both hold it one has to go, and the same one on both sides.
    if (mac < own) return this.#yield(now);
    if (now < phase.defended + times.burst) return 'ignore';
    if (now < phase.defended + times.defence) return this.#yield(now);
    this.#phase = { ...phase, defended: now };
    return 'defend';
  }

  /** A stranger is about to take it. Of two who probe at the same time the lower link-layer address goes on. */
  rival(mac: string, own: string, now: number): Defence {
    if (this.isHeld) return 'defend';
    return this.#phase.name === 'probing' && mac < own ? this.#yield(now) : 'ignore';
  }

  #yield(now: number): Defence {
    this.#phase = { name: 'conflict', until: now + times.conflict };
    this.#isClusters = false;
    return 'yield';
  }

  #deadline(): number {
    const rank = this.#superiors.length;
    if (rank === 0) return this.#since;
    return Math.max(this.#since, this.#lastHeard) + times.silence + (rank - 1) * times.skew;
  }

  #begin(now: number): Step {
    if (this.#isClusters) return this.#take(now);
    this.#phase = { name: 'probing', since: now, sent: 1 };
    return 'probe';
  }

  #probe(phase: Extract<Phase, { name: 'probing' }>, now: number): Step {
    if (now >= phase.since + times.probing && phase.sent >= times.probes) return this.#take(now);
    if (phase.sent >= times.probes || now < phase.since + phase.sent * times.probe) return 'nothing';
    phase.sent += 1;
    return 'probe';
  }

  #take(now: number): Step {
    this.#isClusters = true;
    this.#phase = { name: 'held', announcements: 1, next: now + times.announcement, defended: -Infinity };
    return 'take';
  }

  #announce(phase: Extract<Phase, { name: 'held' }>, now: number): Step {
    phase.announcements += 1;
    const isMany = phase.announcements >= times.announcements;
    phase.next = now + (isMany ? times.reminder : times.announcement);
    return 'announce';
  }
}
