import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { pino } from 'pino';
import { createClient } from '../../client/http/client.ts';
import { loadKubeconfig } from '../../client/http/kubeconfig.ts';
import type { ControllersRun } from '../../cli/environment.ts';
import { chooseControllers } from '../../controllers/leader/choose.ts';
import { createLedControllers } from '../../controllers/leader/led-controllers.ts';
import { systemClock } from '../../lib/clock.ts';
import { defaultNetworkConfig } from '../../model/network/config.ts';

/** The controllers on a cluster's API server, until SIGTERM or SIGINT; logs to standard error. */
export async function runControllers({ kubeconfig, only }: ControllersRun): Promise<void> {
  // Asked for before anything is begun that would have to be ended.
  const told = new Promise<void>((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
  });
  const log = pino({ name: 'controller', base: { pid: process.pid } }, pino.destination(2));
  const access = await loadKubeconfig(kubeconfig);
  const options = { ...access, clock: systemClock, log, fieldManager: 'weft-controllers' };
  const client = createClient(options);
  const chosen = await chooseControllers(client, only);
  log.info({ controllers: chosen }, 'standing for leadership');
  const led = createLedControllers({
    client,
    connect: () => createClient(options),
    clock: systemClock,
    log,
    config: defaultNetworkConfig,
    lease: { namespace: 'kube-system', name: 'weft-controllers' },
    identity: `${hostname()}_${randomBytes(8).toString('hex')}`,
    only: chosen,
  });
  await led.start();
  // The clients' timers and sockets alone would not keep the process.
  const alive = setInterval(() => {}, 60_000);
  await told;
  clearInterval(alive);
  await led.stop();
  await client.close();
}
