import type { Subnet, VirtualNetwork } from '../../../api/types/fabric.ts';
import { formatAddress, parseAddress } from '../../../lib/address.ts';
import { contains, parsePrefix, rangeOf } from '../../../lib/prefix.ts';
import { routerOf } from '../../addressing/subnet-room.ts';

/** The first four addresses of a subnet and its last one are nobody's (Azure, virtual-networks-faq). */
const reservedAtStart = 4n;

/** The address that machines of a subnet have for their router: its first. */
export function gatewayOf(prefix: string): string {
  const parsed = parsePrefix(prefix);
  return parsed === undefined ? '' : routerOf(parsed);
}

/** The lowest address of a subnet that is not used; undefined when it is full. */
export function firstFree(prefix: string, isUsed: (address: string) => boolean): string | undefined {
  const parsed = parsePrefix(prefix);
  if (parsed === undefined) return undefined;
  const { first, last } = rangeOf(parsed);
  for (let value = first.value + reservedAtStart; value < last.value; value++) {
    const address = formatAddress({ family: parsed.family, value });
    if (!isUsed(address)) return address;
  }
  return undefined;
}

/** The subnet that an address lies in. */
export function subnetAt(
  networks: Iterable<VirtualNetwork>,
  text: string,
): { readonly network: VirtualNetwork; readonly subnet: Subnet } | undefined {
  const address = parseAddress(text);
  if (address === undefined) return undefined;
  for (const network of networks) {
    const subnet = network.spec.subnets?.find(({ prefix }) => {
      const parsed = parsePrefix(prefix);
      return parsed !== undefined && contains(parsed, address);
    });
    if (subnet !== undefined) return { network, subnet };
  }
  return undefined;
}

/** Who is named to answer the machine at an address for names; empty where its network names nobody. */
export function nameServersAt(networks: Iterable<VirtualNetwork>, address: string): readonly string[] {
  return subnetAt(networks, address)?.network.spec.dnsServers ?? [];
}
