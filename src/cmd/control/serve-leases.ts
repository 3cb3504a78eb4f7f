import { createLeaseBook } from '../../controllers/segments/leases.ts';
import { createReservations } from '../../controllers/segments/reservations.ts';
import { layer2Resources, loadBalancerResources, resources } from '../../api/resources.ts';
import type { Client } from '../../client/port.ts';
import { createDhcpServer, type DhcpServer, type DhcpServerOptions } from '../../dhcp/server.ts';
import { systemClock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { formatPrefix } from '../../lib/prefix.ts';
import { dhcpLink, dhcpServerOf, heldOf } from '../../model/fabric/layer2/demands.ts';
import { domainsOf, type AddressDomain } from '../../model/fabric/layer2/domains.ts';
import { dhcpNetns } from '../../model/fabric/layer2/world.ts';

export interface LeaseServingOptions extends Pick<DhcpServerOptions, 'frames' | 'sockets' | 'poller'> {
  readonly client: Client;
  readonly log: Log;
}

/** A server that runs, and what it was told to be. */
interface Running {
  readonly is: string;
  readonly server: DhcpServer;
}

const retryMs = 200;

/** Has a DHCP server answer on every segment and switch that names one, as these come and go. Returns how to end it. */
export function serveLeases({ client, log, ...kernel }: LeaseServingOptions): () => void {
  const segments = client.informer(layer2Resources.segments);
  const switches = client.informer(layer2Resources.virtualswitches);
  const addresses = client.informer(layer2Resources.segmentaddresses);
  const nodes = client.informer(resources.nodes);
  const pools = client.informer(loadBalancerResources.ipaddresspools);
  const isReserved = createReservations({ cache: { nodes }, pools, ordinal: 0 });
  const book = createLeaseBook({ client, clock: systemClock, isReserved, log });
  const running = new Map<string, Running>();
  let cancel = (): void => {};

  const open = (domain: AddressDomain, is: string): void => {
    const { key, prefix, gateway, dhcpServer } = domain;
    if (prefix === undefined || dhcpServer === undefined) return;
    const network = { server: dhcpServer.address, prefix: formatPrefix(prefix), gateway };
    const end = { netns: dhcpNetns(domain), link: dhcpLink };
    const onLost = (): void => {
      running.get(key)?.server.close();
      running.delete(key);
      follow();
    };
    const server = createDhcpServer({ ...kernel, ...end, network, leases: book.in(domain), onLost, log });
    running.set(key, { is, server });
    log.info({ domain: key, server: dhcpServer.address }, 'DHCP clients are answered');
  };

  /** Those whose server has its address: who does not have it yet is told so by an Event. */
  const wanted = (): Map<string, AddressDomain> => {
    const held = heldOf(addresses.values());
    return new Map(
      [...domainsOf(segments.values(), switches.values()).byKey].filter(
        ([key, domain]) =>
          domain.dhcpServer !== undefined &&
          held(key, dhcpServerOf(domain)).includes(domain.dhcpServer.address),
      ),
    );
  };

  const follow = (): void => {
    cancel();
    const now = wanted();
    for (const [key, { is, server }] of running) {
      const domain = now.get(key);
      if (domain !== undefined && textOf(domain) === is) continue;
      server.close();
      running.delete(key);
    }
    for (const [key, domain] of now) {
      if (running.has(key)) continue;
      try {
        open(domain, textOf(domain));
      } catch (error) {
        // Its machine is not plugged in yet.
        log.debug({ domain: key, error: messageOf(error) }, 'a DHCP server waits');
        cancel = systemClock.after(retryMs, follow);
      }
    }
  };

  const ends: (() => void)[] = [];
  const begin = async (): Promise<void> => {
    await Promise.all([book.synced, ...[segments, switches, nodes, pools].map(({ synced }) => synced)]);
    ends.push(segments.onChange(follow), switches.onChange(follow));
    ends.push(
      addresses.onChange(({ previous, current }) => {
        if ((current ?? previous)?.spec.holder.kind === 'DHCPServer') follow();
      }),
    );
    follow();
  };
  void begin();
  return () => {
    for (const end of ends) end();
    cancel();
    for (const { server } of running.values()) server.close();
    book.stop();
  };
}

/** All of a domain that a server goes by. */
function textOf({ switch: plugged, prefix, gateway, dhcp, dhcpServer }: AddressDomain): string {
  const numbers = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);
  return JSON.stringify([plugged, prefix, gateway, dhcp, dhcpServer], numbers);
}
