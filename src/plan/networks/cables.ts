import { shortHash } from '../../lib/hash.ts';
import type { NetworkInterface } from '../../model/fabric/network/world.ts';

/** What every machine of a virtual network has at the other end of its cable (Azure CNI, tunnel mode). */
export const networkMac = '12:34:56:78:9a:bc';

/** Links of the forwarding namespace that lead to no interface. */
export const outwardLinks = { internet: 'internet', services: 'services', endpoints: 'endpoints' } as const;

/** The forwarding namespace's end of an interface's cable. */
export function interfaceLink({ id, machine, name }: NetworkInterface): string {
  // All others are shorter or begin otherwise.
  const plain = `n-${machine}${name === 'eth0' ? '' : `-${name}`}`;
  return isPlain(plain) && !id.startsWith('vm:') ? plain : `n${shortHash(id).slice(-11)}`;
}

export function siteLink(site: string): string {
  return isPlain(`s-${site}`) ? `s-${site}` : `s${shortHash(site).slice(-11)}`;
}

/** The kernel takes 15 characters. */
const isPlain = (name: string): boolean => name.length <= 15;
