import type { VirtualNetwork } from '../../../api/types/fabric.ts';
import { addressAfter, formatAddress } from '../../../lib/address.ts';
import { parsePrefix } from '../../../lib/prefix.ts';
import { numbersOf } from './numbers.ts';
import type { NetworkInterface, NetworkWorld } from './world.ts';

/** Where connections from virtual networks to the internet come from: a part of the internet's segment. */
export const publicRange = '203.0.113.64/26';

/** Source ports of a public address that are given out (AKS, load-balancer-standard), from 1024 on. */
const portsPerAddress = 64_000;
const firstPort = 1024;

/** By the number of interfaces, where nobody says how many ports each has (AKS, load-balancer-standard). */
const defaultBudgets = [
  [50, 1024],
  [100, 512],
  [200, 256],
  [400, 128],
  [800, 64],
] as const;
const smallestBudget = 32;

/** What an interface's connections to the internet come from. */
export interface OutboundShare {
  readonly address: string;
  readonly firstPort: number;
  readonly lastPort: number;
}

/** How many ports each of so many interfaces of a network has. */
export function portsPerInterface({ spec }: VirtualNetwork, interfaces: number): number {
  return (
    spec.outbound?.portsPerInterface ??
    defaultBudgets.find(([most]) => interfaces <= most)?.[1] ??
    smallestBudget
  );
}

/** The public addresses of every network, by its name. Those for whom none are left have none. */
export function publicAddresses({ networks }: NetworkWorld): Map<string, string[]> {
  const range = parsePrefix(publicRange);
  const wanted = [...networks.values()].flatMap(({ metadata, spec }) =>
    Array.from({ length: spec.outbound?.publicAddresses ?? 1 }, (_, i) => `${metadata.name} ${i}`),
  );
  const numbers = numbersOf(wanted, { from: 0, count: 64 });
  const given = new Map<string, string[]>([...networks.keys()].map((name) => [name, []]));
  for (const key of wanted) {
    const number = numbers.get(key);
    const address = range && number !== undefined && addressAfter(range.network, BigInt(number));
    if (address) given.get(key.slice(0, key.lastIndexOf(' ')))?.push(formatAddress(address));
  }
  return given;
}

/**
 * The share of every interface, by its id. Each has as many ports of one address as the others; an interface for which
 * none are left has no share, and no way to the internet.
 */
export function outboundShares(world: NetworkWorld): Map<string, OutboundShare> {
  const addresses = publicAddresses(world);
  const shares = new Map<string, OutboundShare>();
  for (const [network, own] of Map.groupBy(world.interfaces, (one) => one.network)) {
    const spec = world.networks.get(network);
    if (spec === undefined) continue;
    for (const [id, share] of sharesIn(own, {
      ports: portsPerInterface(spec, own.length),
      addresses: addresses.get(network) ?? [],
    }))
      shares.set(id, share);
  }
  return shares;
}

/** The shares that interfaces of a network can have, whether they have them or not. */
export function possibleShares(world: NetworkWorld): OutboundShare[] {
  const addresses = publicAddresses(world);
  return [...Map.groupBy(world.interfaces, (one) => one.network)].flatMap(([network, own]) => {
    const settings = world.networks.get(network);
    const ports = settings === undefined ? portsPerAddress : portsPerInterface(settings, own.length);
    const slots = Array.from({ length: Math.floor(portsPerAddress / ports) }, (_, slot) => slot);
    return (addresses.get(network) ?? []).flatMap((address) =>
      slots.map((slot) => shareAt(address, slot, ports)),
    );
  });
}

function shareAt(address: string, slot: number, ports: number): OutboundShare {
  const first = firstPort + slot * ports;
  return { address, firstPort: first, lastPort: first + ports - 1 };
}

function* sharesIn(
  interfaces: readonly NetworkInterface[],
  { ports, addresses }: { readonly ports: number; readonly addresses: readonly string[] },
): Iterable<[string, OutboundShare]> {
  const perAddress = Math.floor(portsPerAddress / ports);
  const slots = numbersOf(
    interfaces.map(({ id }) => id),
    { from: 0, count: perAddress * addresses.length },
  );
  for (const [id, slot] of slots) {
    const address = addresses[Math.floor(slot / perAddress)];
    if (address !== undefined) yield [id, shareAt(address, slot % perAddress, ports)];
  }
}
