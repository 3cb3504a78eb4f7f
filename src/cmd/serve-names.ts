import { createInternetResolver } from '../dns/internet.ts';
import type { Sockets } from '../kernel/sockets/port.ts';
import type { Family } from '../lib/address.ts';
import { systemClock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { machineNetns } from '../model/fabric/default-fabric.ts';
import { whenReady } from './role.ts';

/** Has the lab's internet answer for its names, as soon as its machine is there. Nothing else depends on it. */
export function serveNames(options: {
  readonly sockets: Sockets;
  readonly families: readonly Family[];
  readonly log: Log;
}): { stop(): Promise<void> } {
  const netns = machineNetns.internet;
  const internet = createInternetResolver({ ...options, netns, clock: systemClock });
  let isStopped = false;
  const started = whenReady(async () => {
    if (!isStopped) await internet.start();
  }).catch((error: unknown) =>
    options.log.warn({ error: messageOf(error) }, 'nobody answers for names of the internet'),
  );
  return {
    async stop() {
      isStopped = true;
      await started;
      await internet.stop();
    },
  };
}
