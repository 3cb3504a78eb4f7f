import type { Family } from '../lib/address.ts';
import type { Machine } from '../model/fabric/machines.ts';
import { nodeLink } from './links/node.ts';

/** Kernel settings of network namespaces, by key. Namespaces copy many from the host: what is relied on is set. */
export type SysctlValues = Readonly<Record<string, string>>;

/**
 * What every namespace of a lab is set to before it has links. With the masks the kernel limits no kind of ICMP error,
 * by which people and probes tell a refusal from silence (a limit of 0 would empty the allowance that errors for
 * missing routes share).
 */
export function labSysctls(families: readonly Family[]): SysctlValues {
  return { 'net.ipv4.icmp_ratemask': '0', ...(families.includes('IPv6') ? ipv6On : ipv6Off) };
}

/** Without this, every link would solicit and advertise. `all` is for links to come as well (addrconf_disable_ipv6). */
const ipv6Off = { 'net.ipv6.conf.all.disable_ipv6': '1' } as const satisfies SysctlValues;

/**
 * Addresses and routes are given, never made up: no link-local ones (`addr_gen_mode` none), no router advertisements,
 * no redirects, and no detection of duplicates, which would keep links silent for more than a second.
 */
const ipv6On = {
  'net.ipv6.conf.all.disable_ipv6': '0',
  'net.ipv6.conf.default.disable_ipv6': '0',
  'net.ipv6.conf.default.addr_gen_mode': '1',
  'net.ipv6.conf.all.accept_dad': '0',
  'net.ipv6.conf.default.accept_dad': '0',
  'net.ipv6.conf.all.accept_ra': '0',
  'net.ipv6.conf.default.accept_ra': '0',
  'net.ipv6.conf.all.accept_redirects': '0',
  'net.ipv6.conf.default.accept_redirects': '0',
  // No error has this type; an empty list cannot be written.
  'net.ipv6.icmp.ratemask': '255',
} as const satisfies SysctlValues;

/**
 * A pod with further interfaces answers ARP for the addresses of the interface that is asked, and asks with its own: by default
 * Linux tells a segment all addresses of the machine. (Neighbours of IPv6 are asked so anyway, RFC 4861 section 7.2.3.)
 */
export const furtherSysctls = {
  'net.ipv4.conf.all.arp_ignore': '1',
  'net.ipv4.conf.all.arp_announce': '2',
} as const satisfies SysctlValues;

/**
 * A node forwards, and filters sources by its own rules: reverse-path filtering would drop what comes back by
 * another link. A pod that reaches itself through a Service leaves by the link it came from; a redirect for that is
 * wrong, and uses up the pod's allowance of other ICMP errors. (IPv6 sends redirects from link-local addresses only,
 * and no pod link has one.)
 */
export function nodeSysctls(families: readonly Family[], kernelRelease: string): SysctlValues {
  return {
    'net.ipv4.ip_forward': '1',
    'net.ipv4.conf.all.rp_filter': '0',
    'net.ipv4.conf.default.rp_filter': '0',
    [`net.ipv4.conf.${nodeLink}.rp_filter`]: '0',
    'net.ipv4.conf.all.send_redirects': '0',
    'net.ipv4.conf.default.send_redirects': '0',
    [`net.ipv4.conf.${nodeLink}.send_redirects`]: '0',
    ...(families.includes('IPv6') ? { 'net.ipv6.conf.all.forwarding': '1' } : {}),
    ...(callsSegmentsInvalid(kernelRelease) ? { 'net.netfilter.nf_conntrack_tcp_be_liberal': '1' } : {}),
  };
}

/**
 * Keeps frames that a bridge passes on out of the rules of layer 3, which would meet them twice. The keys are there only
 * with br_netfilter; a namespace starts with 1.
 */
export const framesAlone = {
  'net.bridge.bridge-nf-call-iptables': '0',
  'net.bridge.bridge-nf-call-ip6tables': '0',
} as const satisfies SysctlValues;

/** Tells whether the keys are there. */
export const firstFrameKey = 'net.bridge.bridge-nf-call-iptables';

/**
 * Before Linux 6.1, connection tracking takes segments for invalid that are only late, and what is invalid leaves
 * untranslated: the client resets a connection that was all right (kubernetes#117924). `6.1.0-13-amd64`, as `uname -r`.
 */
function callsSegmentsInvalid(kernelRelease: string): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(kernelRelease) ?? [];
  return major !== undefined && (Number(major) < 6 || (major === '6' && minor === '0'));
}

/**
 * Links to come answer every ARP request. Packets leave by the link they came from where an appliance sent them, without a
 * redirect; errors about a packet go the way that the packet's mark says; a flow may come by twice. Sources are a matter of
 * rules: where marks lead to routes, the kernel would look each of them up as well, only to see that it is not its own.
 */
const everybodysNeighbour = {
  'net.ipv4.conf.default.proxy_arp': '1',
  'net.ipv4.conf.all.send_redirects': '0',
  'net.ipv4.conf.default.send_redirects': '0',
  'net.ipv4.fwmark_reflect': '1',
  'net.ipv4.conf.all.accept_local': '1',
} as const satisfies SysctlValues;

/** A machine of the fabric. Answers may come back by another interface than packets left by. */
export function machineSysctls(
  { forwards = false, answersForAll = false, answersArpForAll = false }: Machine,
  families: readonly Family[],
): SysctlValues {
  const ipv6 = {
    'net.ipv6.conf.all.forwarding': forwards ? '1' : '0',
    'net.ipv6.ip_nonlocal_bind': answersForAll ? '1' : '0',
    ...(forwards && { 'net.ipv6.fib_multipath_hash_policy': '1' }),
  };
  // Packets of a connection take one of several next hops, chosen by its addresses and ports.
  const byFlow = { 'net.ipv4.fib_multipath_hash_policy': '1' };
  return {
    ...(forwards && byFlow),
    'net.ipv4.ip_forward': forwards ? '1' : '0',
    'net.ipv4.conf.all.rp_filter': '0',
    'net.ipv4.conf.default.rp_filter': '0',
    // A machine that is renumbered has both addresses for a moment, and keeps the new one when the old one goes.
    'net.ipv4.conf.all.promote_secondaries': '1',
    // Such a machine sends from addresses that it does not own.
    'net.ipv4.ip_nonlocal_bind': answersForAll ? '1' : '0',
    ...(families.includes('IPv6') ? ipv6 : {}),
    ...(answersArpForAll && everybodysNeighbour),
  };
}
