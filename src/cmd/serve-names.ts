import { createNameServer, type NameServerOptions } from '../dns/name-server.ts';
import type { Family } from '../lib/address.ts';
import { systemClock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import { internetAnswer } from '../model/dns/internet-zone.ts';
import { machineNetns } from '../model/fabric/default-fabric.ts';
import { labAddressesOf } from '../model/network/lab-addresses.ts';
import { whenReady } from './role.ts';

export type NamesOptions = Pick<NameServerOptions, 'sockets' | 'log'>;

export interface NamesServing {
  stop(): Promise<void>;
}

/** Has the lab's internet answer for its names. */
export function serveInternetNames(options: NamesOptions, families: readonly Family[]): NamesServing {
  return serveNames({
    ...options,
    netns: machineNetns.internet,
    addresses: families.map((family) => labAddressesOf[family].resolver),
    answer: (question) => internetAnswer(question, families),
  });
}

/** Answers as soon as the machine is there. Nothing else depends on it. */
export function serveNames(options: Omit<NameServerOptions, 'clock'>): NamesServing {
  const { netns, log } = options;
  const server = createNameServer({ ...options, clock: systemClock });
  let isStopped = false;
  const started = whenReady(async () => {
    if (!isStopped) await server.start();
  }).catch((error: unknown) =>
    log.warn({ error: messageOf(error), netns }, 'nobody answers for names at a machine of the fabric'),
  );
  return {
    async stop() {
      isStopped = true;
      await started;
      await server.stop();
    },
  };
}
