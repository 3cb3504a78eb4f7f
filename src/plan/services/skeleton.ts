import { familyOf, type Family } from '../../lib/address.ts';
import type { NftSetType } from '../../kernel/nft/port.ts';
import type { SetTypes } from '../elements/ledger.ts';
import { addressType, nftWord } from '../families.ts';

/** The tables of the Service proxy, one per address family; nothing outside this room touches them. */
export const servicesTables = {
  IPv4: { family: 'ip', table: 'weft-services' },
  IPv6: { family: 'ip6', table: 'weft-services' },
} as const satisfies Record<Family, unknown>;

/** Fixed sets and maps of the table; the slot maps `slot-0`, `slot-1`, … come on top: see `growServices`. */
export const serviceSets = { IPv4: setsIn('IPv4'), IPv6: setsIn('IPv6') } as const;

function setsIn(family: Family) {
  const address = addressType[family];
  return {
    'service-ids': { key: [address, 'inet_proto', 'inet_service'], value: ['mark'] },
    'service-chains': { key: [address, 'inet_proto', 'inet_service'], value: ['verdict'] },
    'node-port-ids': { key: ['inet_proto', 'inet_service'], value: ['mark'] },
    'node-port-chains': { key: ['inet_proto', 'inet_service'], value: ['verdict'] },
    'node-port-addresses': { key: [address] },
    'cluster-addresses': { key: [address] },
    'unserved-node-ports': { key: ['inet_proto', 'inet_service'] },
    hairpin: { key: [address, address] },
  } as const satisfies SetTypes;
}

/** Type of every slot map: which endpoint a service-port id has in this slot. */
export const slotTypes = {
  IPv4: { key: ['mark'], value: ['ipv4_addr', 'inet_service'] },
  IPv6: { key: ['mark'], value: ['ipv6_addr', 'inet_service'] },
} as const satisfies Record<Family, NftSetType>;

/** What the skeleton needs to know of the node and its network, all of one family. */
export interface ServicesNode {
  readonly nodeAddress: string;
  readonly tunnelAddress: string;
  readonly tunnelLink: string;
  readonly podCidr: string;
  readonly serviceCidr: string;
}

/**
 * The table's constant part. A packet to a Service is looked up once by address, protocol and port: `service-ids`
 * puts the service-port's id into the packet mark, `service-chains` goes to the chain of its number of endpoints
 * (`of-N`, which draws a slot), and `to-slot-I` asks slot map I for that id's endpoint. A miss drops, for a packet
 * that slips through would leave untranslated.
 *
 * Hooks: `dstnat` in prerouting and output, where upstream's proxies translate; `srcnat` in postrouting. The
 * filter chains see only what was not translated: whoever still asks for a cluster address asked for a port or a
 * Service that nobody serves (services-policy: reject), or for an address nobody allocated (drop).
 */
export function servicesSkeleton(node: ServicesNode): string {
  const family = familyOf(node.nodeAddress);
  const ip = nftWord[family];
  return `
table ${ip} ${servicesTables[family].table} {
${setDeclarations(serviceSets[family])}
  chain services {
    meta mark set ${ip} daddr . meta l4proto . th dport map @service-ids
    ${ip} daddr . meta l4proto . th dport vmap @service-chains
    ${ip} daddr @node-port-addresses meta mark set meta l4proto . th dport map @node-port-ids
    ${ip} daddr @node-port-addresses meta l4proto . th dport vmap @node-port-chains
  }
  chain unserved {
    ${ip} daddr @cluster-addresses reject
    ${ip} daddr ${node.serviceCidr} drop
    ${ip} daddr @node-port-addresses meta l4proto . th dport @unserved-node-ports reject
  }
  chain as-this-node {
    oifname "${node.tunnelLink}" meta l4proto { tcp, udp, sctp } snat ${ip} to ${node.tunnelAddress}
    snat ${ip} to ${node.nodeAddress}
  }
  chain translated {
    ${ip} saddr . ${ip} daddr @hairpin goto as-this-node
    ${ip} saddr != ${node.podCidr} goto as-this-node
    ${ip} daddr != ${node.podCidr} goto as-this-node
    ct original ${ip} daddr != ${node.serviceCidr} goto as-this-node
  }
  chain prerouting {
    type nat hook prerouting priority -100; policy accept;
    jump services
  }
  chain output {
    type nat hook output priority -100; policy accept;
    jump services
  }
  chain postrouting {
    type nat hook postrouting priority 100; policy accept;
    ct status dnat goto translated
    ${ip} saddr ${node.podCidr} ${ip} daddr != ${node.podCidr} goto as-this-node
  }
  chain filter-forward {
    type filter hook forward priority -1; policy accept;
    ct state new jump unserved
  }
  chain filter-input {
    type filter hook input priority -1; policy accept;
    ct state new jump unserved
  }
  chain filter-output {
    type filter hook output priority -1; policy accept;
    ct state new jump unserved
  }
}
`;
}

/** Slots and endpoint counts the loaded table can serve. */
export interface ServicesSize {
  /** Slot maps `slot-0` to `slot-(slots-1)` exist. */
  readonly slots: number;
  /** Counts for which a chain `of-N` exists. */
  readonly counts: ReadonlySet<number>;
}

export const emptySize: ServicesSize = { slots: 0, counts: new Set() };

/**
 * Slots and counts are added in steps: loading text costs more than what nobody uses yet, and a Service that grows or
 * shrinks needs the counts beside its own next.
 */
const growthStep = 8;

/**
 * The commands that make the table serve these endpoint counts too; undefined when it does already. They may be
 * run again over a table that an earlier process left.
 */
export function growServices(
  size: ServicesSize,
  counts: Iterable<number>,
  family: Family,
): { readonly commands: string; readonly size: ServicesSize } | undefined {
  const steps = new Set<number>();
  for (const count of counts) {
    if (count > 0 && !size.counts.has(count)) steps.add(Math.ceil(count / growthStep) * growthStep);
  }
  if (steps.size === 0) return undefined;
  const missing = [...steps].flatMap((last) => countsUpTo(last)).filter((count) => !size.counts.has(count));
  const slots = Math.max(size.slots, ...steps);
  const commands: string[] = [];
  for (let slot = size.slots; slot < slots; slot++) commands.push(slotCommands(slot, family));
  for (const count of missing) commands.push(countCommands(count, family));
  return { commands: commands.join('\n'), size: { slots, counts: new Set([...size.counts, ...missing]) } };
}

/** The counts of the step that ends with `last`. */
function countsUpTo(last: number): number[] {
  return Array.from({ length: growthStep }, (_, index) => last - growthStep + 1 + index);
}

function slotCommands(slot: number, family: Family): string {
  const ip = nftWord[family];
  const table = `${ip} ${servicesTables[family].table}`;
  return [
    `add map ${table} slot-${slot} { type mark : ${addressType[family]} . inet_service; }`,
    `add chain ${table} to-slot-${slot}`,
    `flush chain ${table} to-slot-${slot}`,
    `add rule ${table} to-slot-${slot} meta l4proto { tcp, udp, sctp } dnat ${ip} to meta mark map @slot-${slot}`,
    `add rule ${table} to-slot-${slot} drop`,
  ].join('\n');
}

function countCommands(count: number, family: Family): string {
  const chain = `${nftWord[family]} ${servicesTables[family].table} of-${count}`;
  const slots = Array.from({ length: count }, (_, slot) => `${slot} : goto to-slot-${slot}`);
  const draw = count === 1 ? 'goto to-slot-0' : `numgen random mod ${count} vmap { ${slots.join(', ')} }`;
  return `add chain ${chain}\nflush chain ${chain}\nadd rule ${chain} ${draw}`;
}

/** Declarations of sets and maps as nft text. */
export function setDeclarations(sets: SetTypes): string {
  const lines: string[] = [];
  for (const [name, { key, value, interval }] of Object.entries(sets)) {
    const type = value === undefined ? key.join(' . ') : `${key.join(' . ')} : ${value.join(' . ')}`;
    const flags = interval === true ? ' flags interval;' : '';
    lines.push(`  ${value === undefined ? 'set' : 'map'} ${name} { type ${type};${flags} }`);
  }
  return lines.join('\n');
}
