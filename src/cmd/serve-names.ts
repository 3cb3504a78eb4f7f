import { createNameServer, type NameServerOptions } from '../dns/name-server.ts';
import type { Family } from '../lib/address.ts';
import { systemClock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import { internetAnswer } from '../model/dns/internet-zone.ts';
import { machineNetns } from '../model/fabric/default-fabric.ts';
import { networkNames } from '../model/fabric/network/names.ts';
import { platformAddress } from '../model/fabric/network/platform.ts';
import type { NetworkWorld } from '../model/fabric/network/world.ts';
import { labAddressesOf } from '../model/network/lab-addresses.ts';
import { whenReady } from './role.ts';

type Options = Pick<NameServerOptions, 'sockets' | 'log'>;

interface Serving {
  stop(): Promise<void>;
}

/** Has the lab's internet answer for its names. */
export function serveInternetNames(options: Options, families: readonly Family[]): Serving {
  return serveNames({
    ...options,
    netns: machineNetns.internet,
    addresses: families.map((family) => labAddressesOf[family].resolver),
    answer: (question) => internetAnswer(question, families),
  });
}

/** Has the fabric of virtual networks answer the machines in them, each as `world` says at that moment. */
export function serveNetworkNames(options: Options, world: () => NetworkWorld): Serving {
  let known = world();
  let answer = networkNames(known);
  return serveNames({
    ...options,
    netns: machineNetns.networks,
    addresses: [platformAddress],
    answer(question, source) {
      const now = world();
      if (now !== known) [known, answer] = [now, networkNames(now)];
      return answer(question, source);
    },
  });
}

/** Answers as soon as the machine is there. Nothing else depends on it. */
function serveNames(options: Omit<NameServerOptions, 'clock'>): Serving {
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
