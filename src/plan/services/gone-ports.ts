import type { ServicePortModel } from '../../model/services/port.ts';

/** Which service-ports are no more: what is known of one outlives it for a while, for it often comes back. */
export interface GonePorts {
  /** The ports of a Service from now on; none when it is gone. */
  see(service: string, ports: Keys): void;
  /** All tables are as they should be, and packets that were on their way by then are through. */
  settled(): void;
}

/**
 * Tells `forget` of those that went longest ago, as far as more than `most` are gone, and of none before it is settled
 * without it: a packet may still be led by what is known of it.
 */
export function createGonePorts(most: number, forget: (key: string) => void): GonePorts {
  const present = new Map<string, Keys>();
  /** By key: how often it was settled before the port went. Who went last is last. */
  const gone = new Map<string, number>();
  let settled = 0;
  return {
    see(service, ports) {
      const before = present.get(service) ?? none;
      if (before === ports || (before.length === 0 && ports.length === 0)) return;
      if (!haveSameKeys(before, ports)) {
        const keys = new Set(ports.map(({ key }) => key));
        for (const { key } of before) if (!keys.has(key)) gone.set(key, settled);
        for (const key of keys) gone.delete(key);
      }
      if (ports.length === 0) present.delete(service);
      else present.set(service, ports);
    },
    settled() {
      settled++;
      for (const [key, since] of gone) {
        if (gone.size <= most || since + 1 >= settled) return;
        gone.delete(key);
        forget(key);
      }
    },
  };
}

type Keys = readonly Pick<ServicePortModel, 'key'>[];

const none: Keys = [];

const haveSameKeys = (a: Keys, b: Keys): boolean =>
  a.length === b.length && a.every(({ key }, index) => b[index]?.key === key);
