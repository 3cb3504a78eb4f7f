import type { AddressPlan, Segment, VirtualSwitch } from '../../../api/types/layer2.ts';
import { addressAfter, formatAddress, parseAddress, type Address } from '../../../lib/address.ts';
import {
  contains,
  parsePrefix,
  parseRange,
  rangeOf,
  type AddressRange,
  type Prefix,
} from '../../../lib/prefix.ts';
import { labAddresses } from '../../network/lab-addresses.ts';
import { nodeSegment } from '../default-fabric.ts';

/** Where the addresses of one broadcast domain come from: a Segment, or an internal VirtualSwitch. */
export interface AddressDomain {
  /** `Segment/NAME` or `VirtualSwitch/NAME`: what claims say. */
  readonly key: string;
  /** Of the fabric: segments of one VLAN share it. */
  readonly switch: string;
  readonly prefix: Prefix | undefined;
  readonly gateway: string | undefined;
  readonly dhcp: AddressRange | undefined;
  /** Who answers DHCP clients; undefined where nobody does. */
  readonly dhcpServer: DhcpServerPlan | undefined;
  readonly pools: ReadonlyMap<string, AddressRange>;
}

export interface DhcpServerPlan {
  readonly address: string;
  readonly leaseSeconds: number;
}

/** What machines can be plugged into, by the names that interfaces use. */
export interface Domains {
  readonly segments: ReadonlyMap<string, AddressDomain>;
  /** External ones are domains of their uplink's segment, with a switch of their own. */
  readonly switches: ReadonlyMap<string, AddressDomain>;
  readonly byKey: ReadonlyMap<string, AddressDomain>;
}

/** Addresses of the nodes' segment that machines without an address are given. */
const nodeSegmentDhcp = '172.20.192.1-172.20.192.254';

/** The nodes' segment, as a lab has it whether or not there is an object of it. */
export function nodeSegmentObject(): Segment {
  return {
    apiVersion: 'weft.dev/v1alpha1',
    kind: 'Segment',
    metadata: { name: nodeSegment },
    spec: {
      prefix: labAddresses.segment,
      gateway: labAddresses.router,
      dhcp: { range: nodeSegmentDhcp },
    },
  };
}

/** The domains of the objects, and of the nodes' segment, whose prefix and gateway are the lab's own. */
export function domainsOf(segments: Iterable<Segment>, switches: Iterable<VirtualSwitch>): Domains {
  const own = nodeSegmentObject();
  const all = new Map([[nodeSegment, own], ...[...segments].map((one) => [one.metadata.name, one] as const)]);
  const asked = all.get(nodeSegment)?.spec;
  all.set(nodeSegment, {
    ...own,
    spec: {
      ...own.spec,
      ...(asked?.dhcp && { dhcp: asked.dhcp }),
      ...(asked?.pools && { pools: asked.pools }),
    },
  });
  const bySegment = new Map([...all].map(([name, segment]) => [name, segmentDomain(name, segment)]));
  const bySwitch = new Map(
    [...switches].flatMap((one) => {
      const domain = switchDomain(one, bySegment);
      return domain === undefined ? [] : [[one.metadata.name, domain] as const];
    }),
  );
  return {
    segments: bySegment,
    switches: bySwitch,
    byKey: new Map([...bySwitch.values(), ...bySegment.values()].map((domain) => [domain.key, domain])),
  };
}

function segmentDomain(name: string, { spec = {} }: Segment): AddressDomain {
  // No object has two dots in its name.
  const switchName = spec.vlan === undefined ? name : `vlan..${spec.vlan}`;
  return { key: `Segment/${name}`, switch: switchName, ...planOf(spec) };
}

function switchDomain(
  { metadata: { name }, spec }: VirtualSwitch,
  segments: ReadonlyMap<string, AddressDomain>,
): AddressDomain | undefined {
  const uplink = segments.get(uplinkOf(spec));
  if (spec.type === 'external') return uplink && { ...uplink, switch: switchName(name) };
  const plan = planOf(spec);
  return {
    key: `VirtualSwitch/${name}`,
    switch: switchName(name),
    ...plan,
    gateway: plan.gateway ?? firstOf(plan.prefix),
  };
}

/** The fabric's name of a VirtualSwitch. */
export function switchName(name: string): string {
  return `switch..${name}`;
}

/** Name of the segment that a VirtualSwitch is connected with. */
export function uplinkOf({ uplink = nodeSegment }: VirtualSwitch['spec']): string {
  return uplink;
}

const usualLeaseSeconds = 3600;

function planOf({ prefix, gateway, dhcp, pools = [] }: AddressPlan) {
  return {
    prefix: prefix === undefined ? undefined : parsePrefix(prefix),
    gateway,
    dhcp: dhcp === undefined ? undefined : parseRange(dhcp.range),
    dhcpServer:
      dhcp?.server === undefined
        ? undefined
        : { address: dhcp.server, leaseSeconds: dhcp.leaseSeconds ?? usualLeaseSeconds },
    pools: new Map(
      pools.flatMap((pool) => {
        const range = parseRange(pool.range);
        return range === undefined ? [] : [[pool.name, range] as const];
      }),
    ),
  };
}

function firstOf(prefix: Prefix | undefined): string | undefined {
  const first = prefix === undefined ? undefined : addressAfter(prefix.network, 1n);
  return first === undefined ? undefined : formatAddress(first);
}

/** `192.168.20.7/24`: an address with the length of its domain's prefix. */
export function withLength(domain: AddressDomain, address: string): string {
  return `${address}/${domain.prefix?.length ?? (address.includes(':') ? 128 : 32)}`;
}

/** Whether the address can be somebody's here: within the prefix, neither its first nor its last, nor the gateway's or server's. */
export function canBeGiven({ prefix, gateway, dhcpServer }: AddressDomain, text: string): boolean {
  const address = parseAddress(text);
  if (prefix === undefined || address === undefined || !contains(prefix, address)) return false;
  return text !== gateway && text !== dhcpServer?.address && !isEdge(prefix, address);
}

function isEdge(prefix: Prefix, address: Address): boolean {
  const { first, last } = rangeOf(prefix);
  const hasEdges = prefix.family === 'IPv4' ? last.value - first.value > 1n : false;
  return address.value === first.value || (hasEdges && address.value === last.value);
}

/** The lowest address of a range that can be given and `isTaken` does not refuse; undefined when there is none. */
export function freeAddress(
  domain: AddressDomain,
  range: AddressRange,
  isTaken: (address: string) => boolean,
): string | undefined {
  const { family } = range.first;
  for (let { value } = range.first; value <= range.last.value; value++) {
    const address = formatAddress({ family, value });
    if (canBeGiven(domain, address) && !isTaken(address)) return address;
  }
  return undefined;
}
