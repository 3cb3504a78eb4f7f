import { linkTrials } from '../doctor/link-trials.ts';
import { ruleTrials } from '../doctor/rule-trials.ts';
import { tryAll } from '../doctor/try-all.ts';
import { createConntrack } from '../kernel/conntrack/conntrack.ts';
import { createDriftWatch } from '../kernel/drift/real.ts';
import { libc, syscall } from '../kernel/libc.ts';
import { createNetworkNamespaces } from '../kernel/netns/real.ts';
import { createNftables } from '../kernel/nft/nftables.ts';
import { createPacketLog } from '../kernel/nft/packet-log.ts';
import { createPoller } from '../kernel/poll/poller.ts';
import { createRouteNetlink } from '../kernel/route/real.ts';
import { createSockets } from '../kernel/sockets/sockets.ts';
import { createSysctl } from '../kernel/sysctl/real.ts';

/**
 * Makes the trials of `weft doctor`, in a mount namespace of its own (unshare(1)), and prints the findings as JSON. What
 * it makes is pinned on a file system that only this namespace has, so that nothing is left however it ends.
 */

// The worker must start before this thread ever enters a namespace: it would live there.
const poller = createPoller();
syscall('mount', () => libc().mount('tmpfs', '/run', 'tmpfs', 0, 'mode=0700,size=1m'));
const namespaces = createNetworkNamespaces({ directory: '/run/weft-doctor' });
const kernel = {
  namespaces,
  route: createRouteNetlink({ namespaces }),
  nft: createNftables({ namespaces }),
  sysctl: createSysctl({ namespaces }),
  conntrack: createConntrack({ namespaces }),
  packetLog: createPacketLog({ namespaces, poller }),
  drift: createDriftWatch({ namespaces, poller }),
  sockets: createSockets({ namespaces }),
};
const findings = tryAll(kernel, [...linkTrials, ...ruleTrials]);
process.stdout.write(JSON.stringify(findings), () => process.exit());
