import type { VirtualMachine, VirtualMachineInterface } from '../../../api/types/fabric.ts';
import type { AddressHolder, SegmentAddress, VirtualSwitch } from '../../../api/types/layer2.ts';
import { canonicalAddress } from '../../../lib/address.ts';
import type { AddressRange } from '../../../lib/prefix.ts';
import { claimNameOf } from '../../load-balancer/claim-name.ts';
import { nodeSegment } from '../default-fabric.ts';
import { uplinkOf, type AddressDomain, type Domains } from './domains.ts';

/** An address that a holder wants: this one, or one of a range. */
export interface AddressDemand {
  readonly domain: AddressDomain;
  readonly holder: AddressHolder;
  readonly want: { readonly address: string } | { readonly range: AddressRange; readonly of: string };
}

/** What is wanted, and why the rest cannot be had, in sentences. */
export interface Demands {
  readonly demands: readonly AddressDemand[];
  readonly problems: readonly string[];
}

/** The interface of an internal switch that is on its uplink's segment. */
export const natLink = 'uplink';

/** The interface of a DHCP server. */
export const dhcpLink = 'eth0';

/**
 * What the interfaces of a machine on segments and switches want. Interfaces in virtual networks are not asked, nor is
 * that of a node's machine on the nodes' segment, whose address its Node object says.
 */
export function demandsOfMachine(vm: VirtualMachine, domains: Domains, isNode: boolean): Demands {
  const found = vm.spec.interfaces
    .filter((nic) => isOnLayer2(nic) && !(isNode && isOnNodeSegment(nic)))
    .map((nic) => demandsOfInterface(vm, nic, domains));
  return {
    demands: found.flatMap((one) => one.demands),
    problems: found.flatMap((one) => one.problems),
  };
}

/** Whether the interface is on a segment or a switch, and not in a virtual network. */
export function isOnLayer2({ segment, virtualSwitch }: VirtualMachineInterface): boolean {
  return segment !== undefined || virtualSwitch !== undefined;
}

/** Whether the interface is the one that every node's machine has. */
export function isOnNodeSegment({ segment }: VirtualMachineInterface): boolean {
  return segment === nodeSegment;
}

/** The domain that an interface is plugged into; undefined when there is none of the name. */
export function domainOfInterface(
  { segment, virtualSwitch }: VirtualMachineInterface,
  { segments, switches }: Domains,
): AddressDomain | undefined {
  if (virtualSwitch !== undefined) return switches.get(virtualSwitch);
  return segment === undefined ? undefined : segments.get(segment);
}

function demandsOfInterface(
  { metadata: { name } }: VirtualMachine,
  nic: VirtualMachineInterface,
  domains: Domains,
): Demands {
  const domain = domainOfInterface(nic, domains);
  const holder: AddressHolder = { kind: 'VirtualMachine', name, interface: nic.name };
  if (domain === undefined) {
    const what = nic.segment === undefined ? `VirtualSwitch ${nic.virtualSwitch}` : `Segment ${nic.segment}`;
    return { demands: [], problems: [`interface ${nic.name}: there is no ${what}`] };
  }
  return demandsIn(domain, holder, { addresses: nic.addresses });
}

/** An internal switch wants one address on its uplink's segment, behind which its network leaves. */
export function demandsOfSwitch({ metadata: { name }, spec }: VirtualSwitch, domains: Domains): Demands {
  if (spec.type === 'external') return { demands: [], problems: [] };
  const domain = domains.segments.get(uplinkOf(spec));
  if (domain === undefined) return { demands: [], problems: [`there is no Segment ${uplinkOf(spec)}`] };
  const holder: AddressHolder = { kind: 'VirtualSwitch', name, interface: natLink };
  return demandsIn(domain, holder, spec.address === undefined ? {} : { addresses: [spec.address] });
}

/** Who has the address of a domain's DHCP server. */
export function dhcpServerOf({ key }: Pick<AddressDomain, 'key'>): AddressHolder {
  return { kind: 'DHCPServer', name: key.toLowerCase().replace('/', '.'), interface: dhcpLink };
}

/** A DHCP server wants the address that it is to be asked at. */
export function demandsOfServer(domain: AddressDomain): Demands {
  const { dhcpServer } = domain;
  if (dhcpServer === undefined) return { demands: [], problems: [] };
  return demandsIn(domain, dhcpServerOf(domain), { addresses: [dhcpServer.address] });
}

/** The addresses that are named, else one of the pool that is named, else one of the DHCP range where there is one. */
export function demandsIn(
  domain: AddressDomain,
  holder: AddressHolder,
  { addresses = [], pool }: { readonly addresses?: readonly string[] | undefined; readonly pool?: string },
): Demands {
  if (addresses.length > 0) {
    const wants = addresses.map((address) => ({ address: canonicalAddress(address) }));
    return { demands: wants.map((want) => ({ domain, holder, want })), problems: [] };
  }
  if (pool === undefined) {
    const { dhcp } = domain;
    const demands = dhcp === undefined ? [] : [{ domain, holder, want: { range: dhcp, of: 'DHCP range' } }];
    return { demands, problems: [] };
  }
  const range = domain.pools.get(pool);
  if (range === undefined) return { demands: [], problems: [`${domain.key} has no pool ${pool}`] };
  return { demands: [{ domain, holder, want: { range, of: `pool ${pool}` } }], problems: [] };
}

/** The name of the object that says who has an address of a domain: one per address, so that only one can have it. */
export function segmentAddressName(domain: string, address: string): string {
  return `${domain.toLowerCase().replace('/', '.')}.${claimNameOf(address)}`;
}

/** One word for a holder: of equal ones, one is the other. */
export function holderId(holder: AddressHolder): string {
  const { kind, cluster = '', namespace = '', name, uid = '', interface: nic } = holder;
  return [kind, cluster, namespace, name, uid, nic].join(' ');
}

/** The addresses that holders have of a domain. */
export type Held = (domain: string, holder: AddressHolder) => readonly string[];

/** Reads who has what. */
export function heldOf(claims: Iterable<SegmentAddress>): Held {
  const byHolder = new Map<string, string[]>();
  for (const { spec } of claims) {
    const id = `${spec.domain} ${holderId(spec.holder)}`;
    byHolder.set(id, [...(byHolder.get(id) ?? []), spec.address]);
  }
  return (domain, holder) => byHolder.get(`${domain} ${holderId(holder)}`) ?? [];
}
