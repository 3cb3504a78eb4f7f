import { isWithin } from './next-hop.ts';
import type { NetworkInterface } from './world.ts';

/** The prefixes that an interface has beside its own addresses: of pods behind it. */
export function blocksBehind({ assigned, domain }: NetworkInterface): readonly string[] {
  return [...assigned, ...(domain?.blocks ?? [])];
}

/** Whether an address is the interface's own or of a pod behind it: what it may always send from and is always sent. */
export function isOwnedBy(one: NetworkInterface, address: string): boolean {
  return one.addresses.includes(address) || isWithin(blocksBehind(one), address);
}

/** Whether the network takes a packet from here that is from this address, or hands one over here that is for it. */
export function mayPass(one: NetworkInterface, address: string): boolean {
  return one.forwards || isOwnedBy(one, address);
}
