import { layer2Resources } from '../../api/resources.ts';
import type { AddressHolder, SegmentAddress } from '../../api/types/layer2.ts';
import { apiCode } from '../../client/errors.ts';
import type { Client } from '../../client/port.ts';
import type { Clock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import { shortHash } from '../../lib/hash.ts';
import type { Log } from '../../lib/log.ts';
import { timestamp } from '../../lib/timestamp.ts';
import { canBeGiven, type AddressDomain } from '../../model/fabric/layer2/domains.ts';
import type { Lease, LeaseClient, Leases } from '../../model/fabric/layer2/leases.ts';
import { isWithin } from '../../model/fabric/layer2/node-addresses.ts';
import { macOf } from '../../model/network/places.ts';
import { createSegmentClaims } from './claims.ts';
import type { Reservations } from './reservations.ts';

/** Leases of DHCP clients, each a SegmentAddress as everybody's address is: no address is given twice, whoever asks how. */
export interface LeaseBook {
  readonly synced: Promise<unknown>;
  in(domain: AddressDomain): Leases;
  stop(): void;
}

export interface LeaseBookOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly isReserved: Reservations;
  readonly log: Log;
}

/** So long an address is kept that was offered; one without an end on it was left by a process that died before it wrote that. */
const offerMs = 60_000;
const sweepMs = 1_000;
const resource = layer2Resources.segmentaddresses;

export function createLeaseBook({ client, clock, isReserved, log }: LeaseBookOptions): LeaseBook {
  const objects = client.informer(resource);
  const claims = createSegmentClaims({ client }, isReserved);
  /** Addresses of the lab's own machines, by domain and link-layer address. */
  const machines = new Map<string, string>();
  /** Claims of clients by name. */
  const given = new Map<string, SegmentAddress>();
  /** When they end, in milliseconds, by uid: as written here, before the API tells it. */
  const ends = new Map<string, number>();
  const seeing = objects.onChange(({ key, previous, current }) => {
    const { spec } = current ?? previous ?? {};
    if (spec === undefined) return;
    if (spec.holder.kind === 'DHCPClient') {
      if (current === undefined) given.delete(key);
      else given.set(key, current);
      return;
    }
    const place = `${spec.domain} ${macOf(spec.address)}`;
    if (current === undefined) machines.delete(place);
    else machines.set(place, spec.address);
  });

  const endOf = ({ metadata, status }: SegmentAddress): number => {
    const written = ends.get(metadata.uid ?? '');
    if (written !== undefined) return written;
    if (status?.leaseEnds !== undefined) return Date.parse(status.leaseEnds);
    return Date.parse(metadata.creationTimestamp ?? timestamp(clock.now())) + offerMs;
  };
  const extend = async ({ metadata: { name, uid = '' } }: SegmentAddress, ms: number): Promise<void> => {
    ends.set(uid, clock.now() + ms);
    // Whole seconds are written: no lease ends before its client knows.
    const body = { metadata: { uid }, status: { leaseEnds: timestamp(clock.now() + ms + 999) } };
    await client.patch(resource, { name }, { subresource: 'status', body });
  };
  const giveBack = async (claim: SegmentAddress): Promise<void> => {
    await claims.release(claim);
    ends.delete(claim.metadata.uid ?? '');
  };

  const sweep = async (): Promise<void> => {
    for (const claim of [...given.values()].filter((one) => endOf(one) <= clock.now())) {
      try {
        // Looked at again: somebody may have asked while another was given back.
        if (endOf(claim) <= clock.now()) await giveBack(claim);
      } catch (error) {
        if (apiCode(error) !== 'api-not-found')
          log.debug({ lease: claim.metadata.name, error: messageOf(error) }, 'a lease stays a while longer');
      }
    }
    if (!isStopped) cancel = clock.after(sweepMs, () => void sweep());
  };
  let isStopped = false;
  let cancel = clock.after(sweepMs, () => void sweep());

  const leasesIn = (domain: AddressDomain): Leases => {
    const { key, dhcp: range, dhcpServer } = domain;
    const leaseSeconds = dhcpServer?.leaseSeconds ?? 0;
    const isGiven = (address: string): boolean =>
      range !== undefined && isWithin(range, address) && canBeGiven(domain, address);
    const claimOf = (holder: AddressHolder): SegmentAddress | undefined =>
      claims.of(holder).find(({ spec }) => spec.domain === key && isGiven(spec.address));
    const machineAt = ({ mac }: LeaseClient): Lease | undefined => {
      const address = machines.get(`${key} ${mac}`);
      return address === undefined ? undefined : { address, seconds: undefined };
    };
    const take = async (
      holder: AddressHolder,
      wanted: string | undefined,
    ): Promise<SegmentAddress | undefined> => {
      if (range === undefined) return undefined;
      const own = claimOf(holder);
      if (own !== undefined) return own;
      if (wanted !== undefined && isGiven(wanted)) {
        const outcome = await claims.take({ domain, holder, want: { address: wanted } });
        if ('name' in outcome) return claimOf(holder);
      }
      const outcome = await claims.take({ domain, holder, want: { range, of: 'DHCP range' } });
      return 'name' in outcome ? claimOf(holder) : undefined;
    };

    return {
      of(client) {
        const own = claimOf(holderOf(client));
        return machineAt(client) ?? (own && { address: own.spec.address, seconds: leaseSeconds });
      },
      async offer(client, wanted) {
        const machine = machineAt(client);
        if (machine !== undefined) return machine;
        const claim = await take(holderOf(client), wanted);
        if (claim === undefined) return undefined;
        if (endOf(claim) < clock.now() + offerMs) await extend(claim, offerMs);
        return { address: claim.spec.address, seconds: leaseSeconds };
      },
      async confirm(client, address) {
        const machine = machineAt(client);
        if (machine !== undefined) return machine.address === address ? machine : undefined;
        const claim = claimOf(holderOf(client));
        if (claim?.spec.address !== address) return undefined;
        await extend(claim, leaseSeconds * 1000);
        return { address, seconds: leaseSeconds };
      },
      async release(client, address) {
        const claim = claimOf(holderOf(client));
        if (claim?.spec.address === address) await giveBack(claim);
      },
      async decline(client, address) {
        const claim = claimOf(holderOf(client));
        if (claim?.spec.address !== address) return;
        await giveBack(claim);
        const nobody = { ...holderOf({ mac: 'declined', identifier: undefined }), uid: address };
        const kept = await take(nobody, address);
        if (kept !== undefined) await extend(kept, leaseSeconds * 1000);
      },
    };
  };

  return {
    synced: Promise.all([objects.synced, claims.synced]),
    in: leasesIn,
    stop() {
      isStopped = true;
      cancel();
      seeing();
      claims.end();
    },
  };
}

/** Clients say who they are, in as many words as they like. */
function holderOf({ mac, identifier }: LeaseClient): AddressHolder {
  const uid = identifier === undefined || identifier.length <= 64 ? identifier : shortHash(identifier);
  return { kind: 'DHCPClient', name: mac, ...(uid !== undefined && { uid }), interface: 'dhcp' };
}
