import { bitsOf, familyOf, parseAddress } from '../../../lib/address.ts';
import { contains, parsePrefix, type Prefix } from '../../../lib/prefix.ts';
import { peersOf, type NetworkInterface, type NetworkWorld } from './world.ts';

/** A prefix, and the interface that packets for it are handed to. */
export interface Delivery {
  readonly prefix: string;
  readonly to: NetworkInterface;
}

/** Everything that interfaces of these networks are: their own addresses and what is assigned to them. */
export function deliveriesIn(world: NetworkWorld, networks: readonly string[]): Delivery[] {
  const wanted = new Set(networks);
  return world.interfaces.filter(({ network }) => wanted.has(network)).flatMap(deliveriesTo);
}

/** What a machine in a network reaches without a gateway: its own network, and those it is peered with. */
export function localDeliveries(world: NetworkWorld, network: string): Delivery[] {
  return deliveriesIn(world, [network, ...peersOf(world, network)]);
}

/** The blocks of an overlay. */
export function domainDeliveries(world: NetworkWorld, domain: string): Delivery[] {
  return world.interfaces.flatMap((to) =>
    to.domain?.name === domain ? to.domain.blocks.map((prefix) => ({ prefix, to })) : [],
  );
}

/** Finds the interface that has an address, among these; the longest prefix decides. */
export function recipientsOf(
  deliveries: readonly Delivery[],
): (address: string) => NetworkInterface | undefined {
  const single = new Map<string, NetworkInterface>();
  const blocks: { readonly prefix: Prefix; readonly to: NetworkInterface }[] = [];
  for (const { prefix, to } of deliveries) {
    const address = addressOf(prefix);
    const parsed = address === undefined ? parsePrefix(prefix) : undefined;
    if (address !== undefined) single.set(address, to);
    else if (parsed !== undefined) blocks.push({ prefix: parsed, to });
  }
  blocks.sort((a, b) => b.prefix.length - a.prefix.length);
  return (text) => {
    const known = single.get(text);
    const address = known === undefined && blocks.length > 0 ? parseAddress(text) : undefined;
    if (address === undefined) return known;
    return blocks.find(({ prefix }) => contains(prefix, address))?.to;
  };
}

/** Of a prefix that is one address. */
function addressOf(prefix: string): string | undefined {
  return prefix.endsWith('/32') ? prefix.slice(0, -'/32'.length) : undefined;
}

function deliveriesTo(to: NetworkInterface): Delivery[] {
  const own = to.addresses.map((address) => `${address}/${bitsOf(familyOf(address))}`);
  return [...own, ...to.assigned].map((prefix) => ({ prefix, to }));
}
