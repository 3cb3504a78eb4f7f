import type { SetTypes } from '../elements/ledger.ts';
import { metadataAddress, platformAddress } from '../../model/fabric/network/platform.ts';
import { outwardLinks } from './cables.ts';
import { arrivedMark, networkMask } from './marks.ts';

/** The table of the namespace that forwards between virtual networks. */
export const networksTable = { family: 'ip', table: 'weft-networks' } as const;

export const networksSets = {
  /** What becomes of packets, by where they come from (`arrivals`). */
  arrivals: { key: ['ifname'], value: ['verdict'] },
  /** Zones of connection tracking of what comes back from outside to public addresses, by which. */
  'outside-zones': { key: ['ipv4_addr'], value: ['verdict'] },
  /** Public addresses by which the internet reaches into a network: the lower half of its mark. */
  entrances: { key: ['ipv4_addr'], value: ['mark'] },
  /** Addresses that an interface sends from and is sent to. */
  own: { key: ['ifname', 'ipv4_addr'] },
  'own-blocks': { key: ['ifname', 'ipv4_addr'], interval: true },
  /** Once more those of links whose blocks are all of one size, by their first address. */
  'own-sized': { key: ['ifname', 'ipv4_addr'] },
  /** Links whose machines pass packets of others on. */
  forwarding: { key: ['ifname'] },
  /** Security groups: of an interface and its subnet, for what it sends; of the subnet and the interface it is for. */
  sends: { key: ['ifname'], value: ['verdict'] },
  'leaves-subnet': { key: ['ifname'], value: ['verdict'] },
  'enters-subnet': { key: ['ifname'], value: ['verdict'] },
  receives: { key: ['ifname'], value: ['verdict'] },
  /** Which share of a public address an interface has. */
  shares: { key: ['ifname'], value: ['verdict'] },
} as const satisfies SetTypes;

/** Chains that end what arrives by its source: the link's own address; that, or one of its blocks. */
export const sourceChains = { own: 'from-own', blocks: 'from-blocks' } as const;

/** The chain for what arrives from the internet and from public services. */
export const fromOutside = 'from-outside';

const outward = Object.values(outwardLinks)
  .map((link) => `"${link}"`)
  .join(', ');
const { internet, services } = outwardLinks;

/**
 * The constant part. Before connection tracking, what an interface may not send goes (`arrivals`). What comes back from outside is
 * delivered in the network of whoever asked, which the connection's mark tells; what begins outside passes to a load
 * balancer's public address only, whose network marks it. Forwarding ends where a machine would be
 * handed what is not for it, unless it forwards; then security groups judge new flows. A flow to the internet gets its
 * interface's share of a public address, or none and is lost.
 *
 * A flow through an appliance is here twice, and judged twice until it is answered. A reset that answers it ends it the first
 * time: the second time it is of no flow that anybody knows, and passes.
 *
 * What is not tracked (`zone-chains`) is judged by nobody, and goes to no outward link. Where nothing but the network itself
 * says where it goes, its mark says so, and nobody asks again who it is for.
 */
export const networksSkeleton = `
table ip ${networksTable.table} {
  map arrivals { type ifname : verdict; }
  map outside-zones { type ipv4_addr : verdict; }
  map entrances { type ipv4_addr : mark; }
  set own { type ifname . ipv4_addr; }
  set own-blocks { type ifname . ipv4_addr; flags interval; }
  set own-sized { type ifname . ipv4_addr; }
  set forwarding { type ifname; }
  map sends { type ifname : verdict; }
  map leaves-subnet { type ifname : verdict; }
  map enters-subnet { type ifname : verdict; }
  map receives { type ifname : verdict; }
  map shares { type ifname : verdict; }
  chain ${sourceChains.own} {
    iifname . ip saddr @own accept
    drop
  }
  chain ${sourceChains.blocks} {
    iifname . ip saddr @own-blocks accept
    iifname . ip saddr @own accept
    drop
  }
  chain ${fromOutside} {
    ip daddr vmap @outside-zones
    accept
  }
  chain arriving {
    type filter hook prerouting priority -300; policy drop;
    iifname vmap @arrivals
  }
  chain returning {
    type filter hook prerouting priority -50; policy accept;
    meta mark != 0 accept
    iifname "${internet}" ct state new ct mark set ip daddr map @entrances
    iifname { ${outward} } meta mark set ct mark and ${networkMask}
  }
  chain judged {
    ct state established,related,untracked accept
    ct state invalid tcp flags rst accept
    ct mark set meta mark
    iifname vmap @sends
    iifname vmap @leaves-subnet
    oifname vmap @enters-subnet
    oifname vmap @receives
    accept
  }
  chain owned {
    iifname . ip saddr @own return
    iifname . ip saddr @own-blocks return
    drop
  }
  chain passing {
    type filter hook forward priority 0; policy drop;
    meta mark >= ${arrivedMark} accept
    iifname { ${outward} } ct state new ct mark 0 drop
    oifname { "${internet}", "${services}" } ct state new jump owned
    ct state != untracked oifname { ${outward} } goto judged
    oifname . ip daddr @own goto judged
    oifname @forwarding goto judged
    oifname . ip daddr @own-blocks goto judged
  }
  chain leaving {
    type nat hook postrouting priority 100; policy accept;
    oifname != { "${internet}", "${services}" } accept
    iifname vmap @shares
    drop
  }
  chain asked {
    type filter hook input priority 0; policy drop;
    ct mark set meta mark
    iifname "lo" accept
    ct state established,related accept
    ip daddr ${platformAddress} meta l4proto { tcp, udp } th dport 53 accept
    ip daddr ${metadataAddress} tcp dport 80 accept
  }
  chain answering {
    type route hook output priority -150; policy accept;
    ct mark != 0 meta mark set ct mark
  }
}
`;
