import type { Speaker } from './speaker.ts';

/** A node answers for at least one address of a Service. */
export interface Held {
  readonly node: string;
  /** `namespace/name` */
  readonly service: string;
}

export interface HeldTellerOptions {
  /** By node. */
  readonly speakers: ReadonlyMap<string, Pick<Speaker, 'held' | 'isSettled'>>;
  /** Keys of the Services that have an address. */
  readonly servicesOf: (address: string) => readonly string[];
  /** Told of everything that is held, when that has become something else; first of what is held at the start. */
  readonly onHeld: (held: readonly Held[]) => void;
}

/** Tells who answers for what. */
export interface HeldTeller {
  /** To be called at every turn of the speakers: who has what follows from what they hear. */
  look(now: number): void;
  /** Nobody has anything to answer for, and there are no turns until somebody has. */
  rest(): void;
}

/** What changes within this time is told once. */
const lookMs = 500;

export function createHeldTeller({ speakers, servicesOf, onHeld }: HeldTellerOptions): HeldTeller {
  let told: string | undefined;
  let next = 0;

  const tell = (held: readonly Held[]): void => {
    const now = JSON.stringify(held);
    if (now === told) return;
    told = now;
    onHeld(held);
  };

  return {
    look(now) {
      if (now < next || [...speakers.values()].some((speaker) => !speaker.isSettled())) return;
      next = now + lookMs;
      tell([...speakers].flatMap(([node, speaker]) => heldBy(node, speaker.held(), servicesOf)));
    },
    rest() {
      next = 0;
      tell([]);
    },
  };
}

function heldBy(
  node: string,
  addresses: readonly string[],
  servicesOf: HeldTellerOptions['servicesOf'],
): Held[] {
  const services = new Set(addresses.flatMap(servicesOf));
  return [...services].map((service) => ({ node, service }));
}
