import { keyOf, layer2Resources } from '../../api/resources.ts';
import type { AddressHolder, SegmentAddress } from '../../api/types/layer2.ts';
import { apiCode } from '../../client/errors.ts';
import { parseAddress } from '../../lib/address.ts';
import { contains, formatRange, type AddressRange } from '../../lib/prefix.ts';
import { freeAddress } from '../../model/fabric/layer2/domains.ts';
import { holderId, segmentAddressName, type AddressDemand } from '../../model/fabric/layer2/demands.ts';
import { indexOf } from '../index-of.ts';
import type { ControllerContext } from '../controller.ts';
import type { Reservations } from './reservations.ts';

/** Who has which address of segments and internal switches, written down before an address is used. */
export interface SegmentClaims {
  readonly synced: Promise<void>;
  /** Of one holder, whichever of its interfaces. */
  of(holder: Omit<AddressHolder, 'interface'>): readonly SegmentAddress[];
  /** Writes down that the holder has an address as wanted, unless it does already; else says why there is none. */
  take(demand: AddressDemand): Promise<{ readonly name: string } | { readonly problem: string }>;
  release(claim: SegmentAddress): Promise<void>;
  /** Returns how to end it. */
  follow(changed: (claim: SegmentAddress, isGone: boolean) => void): () => void;
  end(): void;
}

const resource = layer2Resources.segmentaddresses;

/** `isReserved` says which addresses of a domain are somebody's for whom there is no claim, such as nodes'. */
export function createSegmentClaims(
  { client }: Pick<ControllerContext, 'client'>,
  isReserved: Reservations,
): SegmentClaims {
  const objects = client.informer(resource);
  const byHolder = indexOf(objects, ({ spec }) => [groupOf(spec.holder)]);
  /** Made here, and not yet told of by the API. */
  const made = new Map<string, SegmentAddress>();
  /** Given back here, and not yet told of; by name, the uid. */
  const released = new Map<string, string | undefined>();
  const seeing = objects.onChange(({ key, current }) => {
    if (current !== undefined) made.delete(key);
    if (current?.metadata.uid !== released.get(key)) released.delete(key);
  });

  const isReleased = ({ metadata }: SegmentAddress): boolean =>
    released.has(metadata.name) && released.get(metadata.name) === metadata.uid;
  const of = (holder: Omit<AddressHolder, 'interface'>): SegmentAddress[] => {
    const group = groupOf(holder);
    const fresh = [...made.values()].filter(({ spec }) => groupOf(spec.holder) === group);
    return [...byHolder.get(group), ...fresh].filter((claim) => !isReleased(claim));
  };
  const claimAt = (domain: string, address: string): SegmentAddress | undefined => {
    const name = segmentAddressName(domain, address);
    return made.get(name) ?? objects.get(name);
  };

  /** `taken` where another holder was first. */
  const make = async (
    { domain, holder }: AddressDemand,
    address: string,
  ): Promise<SegmentAddress | 'taken'> => {
    const claim = claimOf(domain.key, address, holder);
    try {
      const written = await client.create(resource, claim);
      if (objects.get(claim.metadata.name)?.metadata.uid !== written.metadata.uid) {
        made.set(claim.metadata.name, written);
      }
      return written;
    } catch (thrown) {
      if (apiCode(thrown) !== 'api-already-exists') throw thrown;
      const found = await client.get(resource, { name: claim.metadata.name });
      return found !== undefined && holderId(found.spec.holder) === holderId(holder) ? found : 'taken';
    }
  };

  const takeFixed = async (demand: AddressDemand, address: string): ReturnType<SegmentClaims['take']> => {
    const why = refusal(demand, address, isReserved);
    if (why !== undefined) return { problem: why };
    const claim = await make(demand, address);
    if (claim !== 'taken') return { name: claim.metadata.name };
    const other = claimAt(demand.domain.key, address)?.spec.holder;
    const whose = other === undefined ? 'somebody else’s' : `${nameOfHolder(other)}’s`;
    return { problem: `${address} of ${demand.domain.key} is ${whose}` };
  };

  const takeAny = async (
    demand: AddressDemand,
    range: AddressRange,
    of: string,
  ): ReturnType<SegmentClaims['take']> => {
    const { key } = demand.domain;
    const refused = new Set<string>();
    const isTaken = (address: string): boolean =>
      refused.has(address) || isReserved(key, address, demand.holder) || claimAt(key, address) !== undefined;
    for (;;) {
      const address = freeAddress(demand.domain, range, isTaken);
      if (address === undefined) {
        return {
          problem: `${key} has no address left in its ${of} ${formatRange(range)}: 1 is missing; widen it, or delete what holds one`,
        };
      }
      const claim = await make(demand, address);
      if (claim !== 'taken') return { name: claim.metadata.name };
      refused.add(address);
    }
  };

  return {
    synced: objects.synced,
    of,
    async take(demand) {
      const own = of(demand.holder).find(
        ({ spec }) => holderId(spec.holder) === holderId(demand.holder) && satisfies(demand, spec),
      );
      if (own !== undefined) return { name: own.metadata.name };
      const { want } = demand;
      return 'address' in want ? takeFixed(demand, want.address) : takeAny(demand, want.range, want.of);
    },
    async release(claim) {
      const { name, uid } = claim.metadata;
      made.delete(name);
      released.set(name, uid);
      try {
        await client.delete(resource, { name }, uid === undefined ? {} : { uid });
      } catch (thrown) {
        released.delete(name);
        // Another claim has the name by now.
        if (apiCode(thrown) !== 'api-conflict') throw thrown;
      }
    },
    follow(changed) {
      const end = objects.onChange(({ previous, current }) => {
        const claim = current ?? previous;
        if (claim !== undefined) changed(claim, current === undefined);
      });
      return end;
    },
    end() {
      seeing();
      byHolder.end();
    },
  };
}

function refusal(
  { domain, holder }: AddressDemand,
  text: string,
  isReserved: Reservations,
): string | undefined {
  const address = parseAddress(text);
  if (address === undefined) return `${text} is not an IP address`;
  if (domain.prefix !== undefined && !contains(domain.prefix, address))
    return `${text} is not of ${domain.key}`;
  if (text === domain.dhcpServer?.address && holder.kind !== 'DHCPServer')
    return `${text} of ${domain.key} is its DHCP server’s`;
  return isReserved(domain.key, text, holder) ? `${text} of ${domain.key} is the cluster's own` : undefined;
}

/** Whether an address that the holder has is as wanted. */
function satisfies(
  { domain, want }: AddressDemand,
  { domain: key, address }: SegmentAddress['spec'],
): boolean {
  if (key !== domain.key) return false;
  if ('address' in want) return want.address === address;
  const value = parseAddress(address)?.value;
  return value !== undefined && want.range.first.value <= value && value <= want.range.last.value;
}

function claimOf(domain: string, address: string, holder: AddressHolder): SegmentAddress {
  return {
    apiVersion: 'weft.dev/v1alpha1',
    kind: 'SegmentAddress',
    metadata: { name: segmentAddressName(domain, address) },
    spec: { domain, address, holder },
  };
}

function groupOf(holder: Omit<AddressHolder, 'interface'>): string {
  return holderId({ ...holder, interface: '' });
}

function nameOfHolder({ kind, cluster, namespace, name }: AddressHolder): string {
  const whose = cluster === undefined ? '' : ` of cluster ${cluster}`;
  return `${kind} ${keyOf({ metadata: { name, ...(namespace !== undefined && { namespace }) } })}${whose}`;
}
