import { loadBalancerResources } from '../../api/resources.ts';
import type { AddressConflict } from '../../api/types/load-balancer.ts';
import type { Announced } from '../../agent/layer2/layer2.ts';
import type { Client } from '../../client/port.ts';
import type { EventRecorder } from '../../controllers/events.ts';
import { systemClock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { timestamp } from '../../lib/timestamp.ts';
import { claimNameOf } from '../../model/load-balancer/claim-name.ts';

/** An Event of each Service that has the address says where it is answered for. */
export function tellAnnounced(events: EventRecorder, { node, address, services }: Announced): void {
  for (const service of services) {
    const object = { ...service, apiVersion: 'v1', kind: 'Service' };
    events.note(object, 'nodeAssigned', `${address} is announced by node ${node} on layer 2`);
  }
}

/** Puts down who else has the address, for whoever gives addresses to give another one. */
export async function reportConflict(
  client: Client,
  { node, address, mac }: Announced & { readonly mac: string },
  log: Log,
): Promise<void> {
  const conflict: AddressConflict = { mac, node, time: timestamp(systemClock.now()) };
  try {
    await client.patch(
      loadBalancerResources.loadbalanceraddresses,
      { name: claimNameOf(address) },
      { body: { status: { conflict } }, subresource: 'status' },
    );
  } catch (error) {
    log.warn({ address, mac, error: messageOf(error) }, 'a conflict could not be reported');
  }
}
