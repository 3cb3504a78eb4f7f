import { bitsOf, familyOf, parseAddress } from '../../../lib/address.ts';
import { contains, parsePrefix } from '../../../lib/prefix.ts';
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

/** The interface that has an address, among these; the longest prefix decides. */
export function recipientOf(deliveries: readonly Delivery[], text: string): NetworkInterface | undefined {
  const address = parseAddress(text);
  if (address === undefined) return undefined;
  let best: { length: number; to: NetworkInterface } | undefined;
  for (const { prefix, to } of deliveries) {
    const parsed = parsePrefix(prefix);
    if (parsed === undefined || !contains(parsed, address)) continue;
    if (best === undefined || parsed.length > best.length) best = { length: parsed.length, to };
  }
  return best?.to;
}

function deliveriesTo(to: NetworkInterface): Delivery[] {
  const own = to.addresses.map((address) => `${address}/${bitsOf(familyOf(address))}`);
  return [...own, ...to.assigned].map((prefix) => ({ prefix, to }));
}
