import { resources } from '../../src/api/resources.ts';
import type { Client } from '../../src/client/port.ts';
import { endpointAddress, sliceName } from './many-services.ts';

export interface Changes {
  /** How many were written so far. */
  readonly count: number;
  stop(): Promise<void>;
}

/** Writes so many changes of endpoints a second, each of another Service of `services`, evenly in time. */
export function startChanges(
  client: Client,
  { services, perSecond }: { services: number; perSecond: number },
): Changes {
  let count = 0;
  const stopping = new AbortController();
  const start = performance.now();
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const dueMs = (count * 1000) / perSecond - (performance.now() - start);
      if (dueMs > 0) await new Promise((resolve) => void setTimeout(resolve, dueMs));
      const index = (count * 397) % services;
      const address = `198.19.${(count >> 8) & 255}.${count & 255}`;
      count += 1;
      await client.patch(resources.endpointslices, sliceName(index), {
        body: {
          endpoints: [endpointAddress(index, 0), address].map((one) => ({
            addresses: [one],
            conditions: { ready: true },
          })),
        },
      });
    }
  };
  const running = run();
  return {
    get count() {
      return count;
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
