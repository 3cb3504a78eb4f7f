import type { Family } from '../../lib/address.ts';
import type { SetTypes } from '../elements/ledger.ts';
import { addressType, nftWord } from '../families.ts';
import { untracked, type TunnelPackets } from '../links/tunnels.ts';
import { setDeclarations } from '../services/skeleton.ts';

/** The tables of NetworkPolicy on a node, one per address family; nothing outside this room touches them. */
export const policyTables = {
  IPv4: { family: 'ip', table: 'weft-policy' },
  IPv6: { family: 'ip6', table: 'weft-policy' },
} as const satisfies Record<Family, unknown>;

/** The NFLOG group of denials, and the prefixes that tell the directions apart. */
export const denialLog = { group: 7, ingress: 'weft-ingress', egress: 'weft-egress' } as const;

/** The prefixes, in the same group, of what only policies in audit mode would have dropped. */
export const auditLog = { ingress: 'weft-audit-ingress', egress: 'weft-audit-egress' } as const;

/** The bit of a conntrack entry's mark that says: a policy now denies this connection, drop both directions. */
export const cutMark = 0x4000_0000;

/** The port group that holds every port of every protocol, and whatever has no ports. */
export const allPorts = 1;

/** The packet mark that says: all was looked up that an isolated pod's packets are, and nothing lets this one pass. */
const missed = 0xffff_ffff;

/**
 * Sets and maps of the table. Everything that changes, changes here; the rules never do. `X-classes`, `X-ranges`
 * and `X-anywhere` yield the port group that is open between a pod of this node and a peer (class of pods, range
 * of addresses, anybody), `egress-class-ranges` towards a class in a range; `ports` and `port-ranges` say which ports a
 * group holds. Most hold single ones, which are cheaper to change and to look up.
 *
 * Where tiers have an order, their verdicts are spelled out as *rows*: `X-rows` and `X-otherwise` yield the row of a pod
 * of this node towards a class of pods and towards all others, `rows` the port group of a row at an address, and before it
 * `row-addresses` that of an address that a domain name has. The sets
 * named `X-audit-…` say the same of what would be open if policies in audit mode were enforced.
 */
export const policySets = { IPv4: setsIn('IPv4'), IPv6: setsIn('IPv6') } as const;

function setsIn(family: Family) {
  const address = addressType[family];
  return {
    'pod-interfaces': { key: ['ifname', address] },
    self: { key: [address, address] },
    resident: { key: [address] },
    peers: { key: [address], value: ['mark'] },
    ports: { key: ['mark', 'inet_proto', 'inet_service'] },
    'port-ranges': { key: ['mark', 'inet_proto', 'inet_service'], interval: true },
    egress: { key: [address], value: ['verdict'] },
    'egress-classes': { key: [address, 'mark'], value: ['mark'] },
    'egress-ranges': { key: [address, address], value: ['mark'], interval: true },
    'egress-class-ranges': { key: [address, 'mark', address], value: ['mark'], interval: true },
    'egress-anywhere': { key: [address], value: ['mark'] },
    ingress: { key: [address], value: ['verdict'] },
    'ingress-classes': { key: [address, 'mark'], value: ['mark'] },
    'ingress-ranges': { key: [address, address], value: ['mark'], interval: true },
    'ingress-anywhere': { key: [address], value: ['mark'] },
    rows: { key: ['mark', address], value: ['mark'], interval: true },
    'row-addresses': { key: ['mark', address], value: ['mark'] },
    'egress-rows': { key: [address, 'mark'], value: ['mark'] },
    'egress-otherwise': { key: [address], value: ['mark'] },
    'egress-audited': { key: [address], value: ['verdict'] },
    'egress-audit-rows': { key: [address, 'mark'], value: ['mark'] },
    'egress-audit-otherwise': { key: [address], value: ['mark'] },
    'ingress-rows': { key: [address, 'mark'], value: ['mark'] },
    'ingress-otherwise': { key: [address], value: ['mark'] },
    'ingress-audited': { key: [address], value: ['verdict'] },
    'ingress-audit-rows': { key: [address, 'mark'], value: ['mark'] },
    'ingress-audit-otherwise': { key: [address], value: ['mark'] },
  } as const satisfies SetTypes;
}

/** Chains that the verdict maps `egress` and `ingress` send an isolated pod's packets to. */
export const isolatedChain = { egress: 'egress-rules', ingress: 'ingress-rules' } as const;

/** The same for pods that policies of other tiers select, and for those that policies in audit mode select. */
export const tieredChain = { egress: 'egress-tiers', ingress: 'ingress-tiers' } as const;
export const auditChain = { egress: 'egress-audit', ingress: 'ingress-audit' } as const;

/**
 * The table. Egress is judged in the forward hook, on the destination that a Service chose and the pod's own
 * source; ingress in postrouting behind `srcnat`, on the source address that the pod will see. A packet between
 * two pods of one node passes both.
 *
 * - What a pod sends with an address that is not its own never gets past prerouting, and a link that the agent has
 *   not listed has no address of its own: an unknown pod sends nothing, agent dead or alive. An unknown pod
 *   receives nothing, for `ingress` has no entry for it. Of pods on a bridge only the bridge is known: they are told apart
 *   by their addresses alone.
 * - With IPv6, pods may look for their neighbours from link-local addresses.
 * - The pod's own node is always let in (and pods reach it: the input hook has no chain here), as Kubernetes
 *   promises; a pod always reaches itself, through its Services too.
 * - Established connections pass without another look, unless they carry the cut mark; whatever is forwarded is asked
 *   for it once, in postrouting.
 * - Whoever is let in by an isolated chain is at the end of the hook: nothing comes behind it there.
 * - A packet that nothing lets pass is looked up once more, from the verdict map on: a transaction may have been committed
 *   between two look-ups, so that neither what was nor what is was found. Only then is it denied.
 */
export function policySkeleton({ podLinks, family, tunnels }: SkeletonOptions): string {
  const ip = nftWord[family];
  const fromPods = `iifname "${podLinks}"`;
  // Where a pod looks for its neighbours, and where the node looks for its pods.
  const [asked, asks] =
    family === 'IPv6'
      ? [`${fromPods} ip6 saddr { ::, fe80::/10 } ${neighbourDiscovery}`, neighbourDiscovery]
      : ['', ''];
  return `
table ${ip} ${policyTables[family].table} {
${setDeclarations(policySets[family])}
${directionChains('egress', family)}
${directionChains('ingress', family)}
  chain prerouting {
    type filter hook prerouting priority -300; policy accept;
    ${asked}
    ${fromPods} iifname . ${ip} saddr != @pod-interfaces drop
${untracked('arriving', tunnels)}
  }
${tunnels.length === 0 ? '' : tunnelledOut(tunnels)}  chain input {
    type filter hook input priority 0; policy accept;
    ct mark and ${cutMark} == ${cutMark} drop
  }
  chain forward {
    type filter hook forward priority 0; policy accept;
    ct state established,related accept
    ${fromPods} jump egress-of-pod
  }
  chain postrouting {
    type filter hook postrouting priority 150; policy accept;
    ct state established,related ct mark and ${cutMark} == 0 accept
    ${asks}
    ct mark and ${cutMark} == ${cutMark} drop
    oifname "${podLinks}" jump ingress-of-pod
  }
}
`;
}

/** What a node's table is made for. */
export interface SkeletonOptions {
  /** The links by which layer 3 speaks with pods, as nftables matches names. */
  readonly podLinks: string;
  readonly family: Family;
  /** What must not be tracked. */
  readonly tunnels: readonly TunnelPackets[];
}

const tunnelledOut = (tunnels: readonly TunnelPackets[]): string => `  chain tunnelled-out {
    type filter hook output priority -300; policy accept;
${untracked('leaving', tunnels)}
  }
`;

/**
 * Neighbours are found by ICMPv6 (RFC 4861), which no policy is about. Its messages are never forwarded: their hop
 * limit must be 255, so that nothing from another link passes for one.
 */
export const neighbourDiscovery =
  'ip6 hoplimit 255 icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept';

export function directionChains(direction: 'egress' | 'ingress', family: Family): string {
  const ip = nftWord[family];
  const [pod, peer] = endsOf[direction];
  const peerClass = `meta mark set ${ip} ${peer} map @peers`;
  const lookups = [
    `${peerClass} meta mark set ${ip} ${pod} . meta mark map @${direction}-classes`,
    `meta mark set ${ip} ${pod} . ${ip} ${peer} map @${direction}-ranges`,
    `meta mark set ${ip} ${pod} map @${direction}-anywhere`,
  ];
  // Only pods that receive give names to ports, so only what is sent depends on class and address together.
  if (direction === 'egress') {
    lookups.push(
      `${peerClass} meta mark set ${ip} ${pod} . meta mark . ${ip} ${peer} map @egress-class-ranges`,
    );
  }
  const rules = lookups.map((lookup) => `    ${lookup} jump ${direction}-open`);
  return `
  chain ${direction}-open {
${opened('accept')}
  }
  chain ${isolatedChain[direction]} {
${rules.join('\n')}
    meta mark set ${missed}
  }${rowChains(direction, ip, {
    chain: tieredChain[direction],
    sets: direction,
    hit: opened('accept'),
    end: `meta mark set ${missed}`,
  })}${rowChains(direction, ip, {
    chain: auditChain[direction],
    sets: `${direction}-audit`,
    hit: opened('return'),
    end: `${logAs(auditLog[direction])} ${unmarked}`,
  })}
  chain ${direction}-of-pod {
    ${ip} ${peer} @resident return
    ${ip} ${pod} . ${ip} ${peer} @self return
    ${ip} ${pod} vmap @${direction}-audited
    ${ip} ${pod} vmap @${direction}
    meta mark != ${missed} drop
    ${ip} ${pod} vmap @${direction}
    ${logAs(denialLog[direction])}
    drop
  }`;
}

/** Which field has the pod's own address, and which its peer's. */
const endsOf = { egress: ['saddr', 'daddr'], ingress: ['daddr', 'saddr'] } as const;

/** What looks at packets behind the policies has meanings of its own for the bits of their mark. */
const unmarked = 'meta mark set 0';

/** Where the packet mark is a port group: the ends of those packets whose port it opens. */
const opened = (verdict: 'accept' | 'return'): string =>
  [
    `meta mark ${allPorts}`,
    'meta mark . meta l4proto . th dport @ports',
    'meta mark . meta l4proto . th dport @port-ranges',
  ]
    .map((match) => `    ${match} ${unmarked} ${verdict}`)
    .join('\n');

const logAs = (prefix: string): string => `log group ${denialLog.group} prefix "${prefix}" queue-threshold 1`;

/**
 * Pod and peer to a row, row and peer to a port group, group and port to an answer: each step in a chain of its own, for
 * the packet mark carries the number from one to the next, and a miss must not leave an old one for the rule behind it.
 */
function rowChains(
  direction: 'egress' | 'ingress',
  ip: string,
  { chain, sets, hit, end }: { chain: string; sets: string; hit: string; end: string },
): string {
  const [pod, peer] = endsOf[direction];
  return `
  chain ${chain}-ports {
${hit}
    ${end}
  }
  chain ${chain}-row {
    meta mark set meta mark . ${ip} ${peer} map @row-addresses goto ${chain}-ports
    meta mark set meta mark . ${ip} ${peer} map @rows goto ${chain}-ports
    ${end}
  }
  chain ${chain} {
    meta mark set ${ip} ${peer} map @peers meta mark set ${ip} ${pod} . meta mark map @${sets}-rows goto ${chain}-row
    meta mark set ${ip} ${pod} map @${sets}-otherwise goto ${chain}-row
    ${end}
  }`;
}
