import type { NetworkNamespace, NetworkNamespaces } from '../netns/port.ts';
import { isNetworkKey, keyComponents, sysctlMissing, sysctlRefused } from './key.ts';
import type { Sysctl } from './port.ts';

/**
 * Keys of a new namespace, with the values of Linux 6: enough for what Weft sets. `*` stands for any component,
 * an interface's name. Values that are written are numbers in text.
 */
const defaults: Readonly<Record<string, string>> = {
  'net.ipv4.ip_forward': '0',
  'net.ipv4.ip_nonlocal_bind': '0',
  'net.ipv4.icmp_ratemask': '6168',
  'net.ipv4.ip_unprivileged_port_start': '1024',
  'net.ipv4.fib_multipath_hash_policy': '0',
  'net.ipv4.vs.conntrack': '0',
  'net.ipv4.conf.*.forwarding': '0',
  'net.ipv4.conf.*.rp_filter': '0',
  'net.ipv4.conf.*.accept_local': '0',
  'net.ipv4.conf.*.arp_ignore': '0',
  'net.ipv4.conf.*.arp_announce': '0',
  'net.ipv4.conf.*.proxy_arp': '0',
  'net.ipv4.conf.*.route_localnet': '0',
  'net.ipv4.conf.*.send_redirects': '1',
  'net.ipv4.conf.*.accept_redirects': '1',
  'net.ipv4.conf.*.src_valid_mark': '0',
  'net.ipv6.conf.*.forwarding': '0',
  'net.ipv6.conf.*.disable_ipv6': '0',
  'net.ipv6.conf.*.accept_dad': '1',
  'net.ipv6.conf.*.accept_ra': '1',
  'net.ipv6.conf.*.accept_redirects': '1',
  'net.ipv6.conf.*.addr_gen_mode': '0',
  'net.ipv6.conf.*.autoconf': '1',
  'net.ipv6.conf.*.proxy_ndp': '0',
  'net.ipv6.ip_nonlocal_bind': '0',
  'net.ipv6.bindv6only': '0',
  'net.ipv6.icmp.ratemask': '0-1,3-127',
  'net.bridge.bridge-nf-call-iptables': '1',
  'net.bridge.bridge-nf-call-ip6tables': '1',
  'net.netfilter.nf_conntrack_tcp_be_liberal': '0',
  'net.netfilter.nf_conntrack_tcp_loose': '1',
  'net.netfilter.nf_conntrack_acct': '0',
  'net.netfilter.nf_conntrack_udp_timeout': '30',
};

/** Sysctls in memory: the keys Weft uses, per namespace, with the kernel's defaults and number check. */
export function createFakeSysctl({ namespaces }: { readonly namespaces: NetworkNamespaces }): Sysctl {
  // By namespace, not by name: one that is deleted and made again starts afresh.
  const written = new WeakMap<NetworkNamespace, Map<string, string>>();
  return {
    read(namespace, key) {
      const values = written.get(namespaces.open(namespace));
      return values?.get(key) ?? defaultOf(key);
    },
    write(namespace, values) {
      const opened = namespaces.open(namespace);
      const stored = written.get(opened) ?? new Map<string, string>();
      written.set(opened, stored);
      for (const [key, value] of Object.entries(values)) {
        check(namespace, [key, value]);
        stored.set(key, value.trim());
      }
    },
  };
}

function check(namespace: string, [key, value]: readonly [string, string]): void {
  const components = keyComponents(key);
  if (components === undefined) throw sysctlMissing(namespace, key);
  if (!isNetworkKey(components)) throw sysctlRefused(namespace, { key, value });
  if (defaultOf(key) === undefined) throw sysctlMissing(namespace, key);
  if (!/^-?\d+$/.test(value.trim())) throw sysctlRefused(namespace, { key, value });
}

function defaultOf(key: string): string | undefined {
  return defaults[key] ?? defaults[key.replace(/^(net\.ipv[46]\.conf)\.[^.]+\./, '$1.*.')];
}
