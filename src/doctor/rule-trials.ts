import { servicesSkeleton, type ServicesNode } from '../plan/services/skeleton.ts';
import { emptySize, growServices } from '../plan/services/slots.ts';
import { denialLog, policySkeleton } from '../plan/policy/skeleton.ts';
import type { Family } from '../lib/address.ts';
import { moduleRemedy } from './finding.ts';
import { here } from './link-trials.ts';
import type { Trial } from './try-all.ts';

const tables = 'nftables';

/** One feature of nftables in a chain of a table of its own, so that what is missing has a name. */
interface Feature {
  readonly check: string;
  readonly module: string;
  readonly chain: string;
  readonly rule: string;
}

const features: readonly Feature[] = [
  {
    check: 'nftables nat',
    module: 'nft_nat',
    chain: 'type nat hook postrouting priority 100;',
    rule: 'snat ip to 192.0.2.1',
  },
  {
    check: 'nftables connection tracking',
    module: 'nft_ct',
    chain: 'type filter hook forward priority 0;',
    rule: 'ct state established ct mark and 1 == 1 ct original ip daddr 192.0.2.1 accept',
  },
  {
    check: 'nftables random choice',
    module: 'nft_numgen',
    chain: '',
    rule: 'numgen random mod 2 vmap { 0 : accept, 1 : drop }',
  },
  {
    check: 'nftables reject',
    module: 'nft_reject_ipv4',
    chain: 'type filter hook forward priority 0;',
    rule: 'reject',
  },
  {
    check: 'nftables local addresses',
    module: 'nft_fib_ipv4',
    chain: 'type filter hook prerouting priority 0;',
    rule: 'fib daddr type != local drop',
  },
  {
    check: 'nftables log',
    module: 'nft_log',
    chain: 'type filter hook forward priority 0;',
    rule: `log group ${denialLog.group} prefix "doctor" queue-threshold 1`,
  },
];

/** Rules and connection tracking: each feature by itself, then the very tables of a node. */
export const ruleTrials: readonly Trial[] = [
  {
    check: tables,
    needs: ['network namespaces'],
    found: 'a table with sets and maps of concatenations and ranges',
    remedy: { ...moduleRemedy('nf_tables'), hint: 'nftables of kernel 5.6 or newer: modprobe nf_tables' },
    attempt: ({ nft }) =>
      nft.run(
        here,
        `table ip doctor {
          set ranges { type mark . ipv4_addr; flags interval; }
          map verdicts { type ipv4_addr . inet_proto . inet_service : verdict; }
        }`,
      ),
  },
  ...features.map(({ check, module, chain, rule }, index): Trial => ({
    check,
    needs: [tables],
    found: module,
    remedy: moduleRemedy(module),
    attempt: ({ nft }) =>
      nft.run(
        here,
        `add table ip doctor
          add chain ip doctor feature-${index} ${chain === '' ? '' : `{ ${chain} }`}
          add rule ip doctor feature-${index} ${rule}`,
      ),
  })),
  ...(['IPv4', 'IPv6'] as const).map(nodeTables),
  {
    check: 'connection list',
    needs: ['network namespaces'],
    found: 'nf_conntrack_netlink',
    remedy: moduleRemedy('nf_conntrack_netlink'),
    attempt: ({ conntrack }) => void conntrack.list(here, 'ip'),
  },
  {
    check: 'packet log',
    needs: ['network namespaces'],
    found: 'nfnetlink_log',
    remedy: moduleRemedy('nfnetlink_log'),
    attempt: ({ packetLog }) => packetLog.listen(here, denialLog.group),
  },
];

const addresses = {
  IPv4: {
    nodeAddress: '192.0.2.1',
    tunnelAddress: '192.0.2.2',
    podCidr: '10.244.0.0/16',
    serviceCidr: '10.96.0.0/12',
  },
  IPv6: {
    nodeAddress: '2001:db8::1',
    tunnelAddress: '2001:db8::2',
    podCidr: 'fd00:10::/56',
    serviceCidr: 'fd00:96::/112',
  },
} as const;

const tunnels = [{ link: 'eth0', port: 4789, vni: 4096 }] as const;

function servicesNode(family: Family): ServicesNode {
  const { nodeAddress, tunnelAddress, podCidr, serviceCidr } = addresses[family];
  return {
    nodeAddress,
    linkAddresses: [{ link: 'vxlan', address: tunnelAddress }],
    masquerade: {
      podRanges: [podCidr],
      isOfNetwork: false,
      kept: 'pod-ranges',
      keptDirectly: [],
      hidden: [],
    },
    serviceCidr,
    masqueradeAll: false,
    tunnels: [],
  };
}

function nodeTables(family: Family): Trial {
  return {
    check: `tables of a node, ${family}`,
    needs: [tables],
    found: 'loaded as on every node',
    ...(family === 'IPv6' && { without: 'labs have IPv4 only, not --ip-family ipv6 or dual' }),
    remedy: {
      ...moduleRemedy(family === 'IPv4' ? 'nft_reject_ipv4' : 'nft_reject_ipv6'),
      hint: 'nftables of kernel 5.10 and libnftables 1.0, or newer',
    },
    attempt({ nft }) {
      nft.run(here, servicesSkeleton(servicesNode(family)));
      nft.run(here, growServices(emptySize, [{ count: 2, affinitySeconds: 60 }], family)?.commands ?? '');
      nft.run(here, policySkeleton({ podLinks: 'pod*', family, tunnels }));
    },
  };
}
