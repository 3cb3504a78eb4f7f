import type { LabPaths } from '../../lab/paths.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { machineNetns } from '../../model/fabric/default-fabric.ts';
import type { PodServing } from '../../workload/port.ts';
import { createServingClient } from '../../workload/serving-client.ts';
import { whenReady } from '../role.ts';

/** What answers on the machine that stands for the internet, so that there is somebody to reach out there. */
const internet: PodServing = {
  uid: 'internet',
  pod: 'internet',
  node: 'internet',
  netns: machineNetns.internet,
  hasSeveralAddresses: true,
  listeners: [
    { protocol: 'TCP', port: 80 },
    { protocol: 'TCP', port: 443 },
    { protocol: 'UDP', port: 53 },
    { protocol: 'UDP', port: 443 },
    { protocol: 'SCTP', port: 443 },
  ],
};

/** Has the holder serve the internet machine, as soon as both are there. Nothing else depends on it. */
export async function serveInternet(paths: LabPaths, log: Log): Promise<void> {
  try {
    await whenReady(() => createServingClient(paths.socket('holder')).serve(internet));
  } catch (error) {
    log.warn({ error: messageOf(error) }, 'nobody answers on the internet machine');
  }
}
