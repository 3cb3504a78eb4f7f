import { familyOf, type Family } from '../../lib/address.ts';
import type { NftSetType } from '../../kernel/nft/port.ts';
import type { HostService, Masquerade } from '../../model/network/masquerade.ts';
import type { SetTypes } from '../elements/ledger.ts';
import { addressType, nftWord } from '../families.ts';
import { untracked, type TunnelPackets } from '../links/tunnels.ts';

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
    'outside-ids': { key: [address, 'inet_proto', 'inet_service'], value: ['mark'] },
    'outside-chains': { key: [address, 'inet_proto', 'inet_service'], value: ['verdict'] },
    'outside-node-port-ids': { key: ['inet_proto', 'inet_service'], value: ['mark'] },
    'outside-node-port-chains': { key: ['inet_proto', 'inet_service'], value: ['verdict'] },
    'keeps-source': { key: [address, 'inet_proto', 'inet_service'] },
    'keeps-source-node-ports': { key: ['inet_proto', 'inet_service'] },
    'binding-chains': { key: ['mark'], value: ['verdict'] },
    guarded: { key: [address, 'inet_proto', 'inet_service'], value: ['mark'] },
    admitted: { key: ['mark', address], interval: true },
    unserved: { key: [address, 'inet_proto', 'inet_service'] },
    'node-port-ids': { key: ['inet_proto', 'inet_service'], value: ['mark'] },
    'node-port-chains': { key: ['inet_proto', 'inet_service'], value: ['verdict'] },
    'node-port-addresses': { key: [address] },
    'cluster-addresses': { key: [address] },
    'pooled-addresses': { key: [address] },
    aggregates: { key: [address], interval: true },
    'network-space': { key: [address], interval: true },
    'unserved-node-ports': { key: ['inet_proto', 'inet_service'] },
    hairpin: { key: [address, address] },
  } as const satisfies SetTypes;
}

/** Type of every slot map: which endpoint a service-port id has in this slot. */
export const slotTypes = {
  IPv4: { key: ['mark'], value: ['ipv4_addr', 'inet_service'] },
  IPv6: { key: ['mark'], value: ['ipv6_addr', 'inet_service'] },
} as const satisfies Record<Family, NftSetType>;

/**
 * Which endpoint a client of a service-port id is bound to: written by packets, not by the ledger. Address and port are
 * in maps of their own, always written together, for nft 1.0.6 has no registers for both in IPv6.
 */
export const affinityTypes = {
  IPv4: {
    'bound-addresses': { key: ['mark', 'ipv4_addr'], value: ['ipv4_addr'] },
    'bound-ports': { key: ['mark', 'ipv4_addr'], value: ['inet_service'] },
  },
  IPv6: {
    'bound-addresses': { key: ['mark', 'bytes12'], value: ['ipv6_addr'] },
    'bound-ports': { key: ['mark', 'bytes12'], value: ['inet_service'] },
  },
} as const satisfies Record<Family, SetTypes>;

/**
 * Who is a client, to session affinity. Of an IPv6 address it is the last 12 bytes: nft 1.0.6 gives the key and the
 * value of an `update` overlapping registers where the key is longer than 16 bytes. Clients that differ in the first
 * four only are sent to the same endpoint, and each of them stays there.
 */
export const affinityClient = {
  IPv4: 'meta mark . ip saddr',
  IPv6: 'meta mark . @nh,96,96',
} as const satisfies Record<Family, string>;

/** Clients that can be bound at once; further ones are balanced anew. */
const mostBound = 65_536;

/** What the skeleton needs to know of the node and its network, all of one family. */
export interface ServicesNode {
  readonly nodeAddress: string;
  /** The addresses by which the node speaks on other links than its segment's. */
  readonly linkAddresses: readonly LinkAddress[];
  readonly masquerade: Masquerade;
  readonly serviceCidr: string;
  /** Whether everything that goes through a Service gets the node's address. */
  readonly masqueradeAll: boolean;
  /**
   * The link on which nothing comes but what is for the node and its pods, for the network knows who has which address.
   * What would leave by it again is for an address that no pod has (yet), and would come back until its TTL ends.
   */
  readonly lastLink?: string;
  /** What must not be tracked, where no other table of the node sees to that. */
  readonly tunnels: readonly TunnelPackets[];
}

export interface LinkAddress {
  readonly link: string;
  readonly address: string;
}

/**
 * The table's constant part. A packet to a Service is looked up once by address, protocol and port: `service-ids`
 * puts the service-port's id into the packet mark, `service-chains` goes to the chain of its number of endpoints
 * (`of-N`, which draws a slot), and `to-slot-I` asks slot map I for that id's endpoint. A miss drops, for a packet
 * that slips through would leave untranslated.
 *
 * Clients from outside are looked up first in maps of their own, which have what externalTrafficPolicy Local says;
 * guarded addresses (loadBalancerSourceRanges) come before everything. With session affinity, `bound-…` tell who
 * a client was sent to last, and every new connection gives it its time anew, right behind the translation: there the
 * packet says where it goes, and still who sent it. There the packet mark is taken back, too: rules of others, such as
 * those that a kube-proxy left, have meanings of their own for its bits.
 *
 * Hooks: `dstnat` in prerouting and output, where upstream's proxies translate; `srcnat` in postrouting. What
 * comes right behind `dstnat` without having been translated is not served: whoever still asks for a cluster address
 * asked for a port or a Service that nobody serves (services-policy: reject), or for an address nobody allocated (drop). The same goes for
 * load balancers' addresses, which would otherwise go back to the router that sent the packet here: `pooled-addresses`
 * for everybody, `aggregates` (which may have others' addresses in them) for what comes from outside.
 */
export function servicesSkeleton(node: ServicesNode): string {
  const family = familyOf(node.nodeAddress);
  const ip = nftWord[family];
  const own = anyOf([node.nodeAddress, ...node.linkAddresses.map(({ address }) => address)]);
  const pods = podsOf(node.masquerade);
  const asked = `${ip} daddr . meta l4proto . th dport`;
  const toNodePort = `${ip} daddr @node-port-addresses meta mark set meta l4proto . th dport`;
  const withPorts = 'meta l4proto { tcp, udp, sctp }';
  const { lastLink, tunnels } = node;
  const bound = `flags dynamic,timeout; size ${mostBound};`;
  return `
table ${ip} ${servicesTables[family].table} {
${setDeclarations(serviceSets[family])}
  map bound-addresses { typeof ${affinityClient[family]} : ${ip} daddr; ${bound} }
  map bound-ports { typeof ${affinityClient[family]} : th dport; ${bound} }
  chain from-outside {
    meta mark set ${asked} map @outside-ids ${asked} vmap @outside-chains
    ${toNodePort} map @outside-node-port-ids meta l4proto . th dport vmap @outside-node-port-chains
  }
  chain services {
    meta mark set ${asked} map @guarded meta mark . ${ip} saddr != @admitted drop
    ${ip} saddr != ${pods} ${ip} saddr != ${own} jump from-outside
    meta mark set ${asked} map @service-ids ${asked} vmap @service-chains
    ${toNodePort} map @node-port-ids meta l4proto . th dport vmap @node-port-chains
  }
  chain unserved-cluster-address {
    ${ip} daddr @cluster-addresses reject
    drop
  }
  chain unserved {
    ${ip} daddr ${node.serviceCidr} goto unserved-cluster-address
    ${asked} @unserved reject
    ${ip} daddr @node-port-addresses meta l4proto . th dport @unserved-node-ports reject
    ${ip} daddr @pooled-addresses reject
  }
  chain as-this-node {
${node.linkAddresses.map(({ link, address }) => `    oifname "${link}" meta l4proto { tcp, udp, sctp } snat ${ip} to ${address} fully-random`).join('\n')}
    snat ${ip} to ${node.nodeAddress} fully-random
  }
  chain translated {
    ${ip} saddr . ${ip} daddr @hairpin goto as-this-node
    ${node.masqueradeAll ? 'goto as-this-node' : ''}
    ${ip} saddr ${own} goto as-this-node
    ${node.masquerade.kept === 'everywhere' ? '' : `${ip} daddr != ${pods} goto as-this-node`}
    ct original ${ip} daddr ${node.serviceCidr} ${ip} saddr ${pods} return
    ${withPorts} ct original ${ip} daddr . meta l4proto . ct original proto-dst @keeps-source return
    ct original ${ip} daddr @node-port-addresses ${withPorts} meta l4proto . ct original proto-dst @keeps-source-node-ports return
    goto as-this-node
  }
${tunnels.length === 0 ? '' : tunnelChains(tunnels)}  chain prerouting {
    type nat hook prerouting priority -100; policy accept;
    jump services
  }
  chain output {
    type nat hook output priority -100; policy accept;
    jump services
  }
  chain bind {
    meta mark vmap @binding-chains
  }
  chain chosen {
    jump bind
    ${withPorts} meta mark set ct original ${ip} daddr . meta l4proto . ct original proto-dst map @service-ids meta mark set 0
    ct original ${ip} daddr @node-port-addresses ${withPorts} meta mark set meta l4proto . ct original proto-dst map @node-port-ids meta mark set 0
  }
  chain sent-from-here {
    ct status dnat goto chosen
    jump unserved
  }
  chain sent-here {
    ct status dnat goto chosen
    ct state invalid ${ip} daddr @pooled-addresses drop
    ct state invalid return
    jump unserved
    ${ip} saddr ${pods} return
    ${ip} saddr ${own} return
    ${ip} daddr @aggregates fib daddr type != local reject
  }
  chain behind-prerouting {
    type filter hook prerouting priority -99; policy accept;
    ct state new,invalid goto sent-here
  }
  chain behind-output {
    type filter hook output priority -99; policy accept;
    ct state new goto sent-from-here
  }
  chain postrouting {
    type nat hook postrouting priority 100; policy accept;
    ct status dnat goto translated
${masqueradeRules(ip, node.masquerade)}
  }
${lastLink === undefined ? '' : cameBack(lastLink)}}
`;
}

function cameBack(link: string): string {
  return `  chain came-back {
    ct status dnat return
    drop
  }
  chain filter-forward {
    type filter hook forward priority -1; policy accept;
    iifname "${link}" oifname "${link}" jump came-back
  }
`;
}

function tunnelChains(tunnels: readonly TunnelPackets[]): string {
  return `  chain tunnelled-in {
    type filter hook prerouting priority -300; policy accept;
${untracked('arriving', tunnels)}
  }
  chain tunnelled-out {
    type filter hook output priority -300; policy accept;
${untracked('leaving', tunnels)}
  }
`;
}

/** What goes to where no Service has sent it. */
function masqueradeRules(ip: string, masquerade: Masquerade): string {
  const { kept, keptDirectly, hidden } = masquerade;
  const fromPods = `${ip} saddr ${podsOf(masquerade)}`;
  const door = ({ address, protocol, port }: HostService): string =>
    `    ${fromPods} ${ip} daddr ${address} ${protocol.toLowerCase()} dport ${port} goto as-this-node`;
  const others = `    ${fromPods} ${ip} daddr != ${podsOf(masquerade, keptDirectly)} goto as-this-node`;
  return [...hidden.map(door), ...(kept === 'everywhere' ? [] : [others])].join('\n');
}

/** Addresses of pods, and of `others` where pods have ranges of their own, as nft text. */
function podsOf({ isOfNetwork, podRanges }: Masquerade, others: readonly string[] = []): string {
  return isOfNetwork ? '@network-space' : anyOf([...podRanges, ...others]);
}

/** An anonymous set, as nft text. */
function anyOf(values: readonly string[]): string {
  return `{ ${values.join(', ')} }`;
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
