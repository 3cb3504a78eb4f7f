import { release } from 'node:os';
import type { Link, RouteOperation } from '../kernel/route/port.ts';
import { labSysctls, nodeSysctls } from '../plan/sysctls.ts';
import { nodeLink } from '../plan/links/node.ts';
import { moduleRemedy } from './finding.ts';
import type { Kernel } from './port.ts';
import type { Trial } from './try-all.ts';

/** Namespaces of the trials: `here` has an end of a cable to `there`, a bridge and a tunnel. */
export const here = 'doctor-here';
export const there = 'doctor-there';

const namespaces = 'network namespaces';
const veth = 'veth';

/** Links, addresses and settings, as nodes and pods of a lab have them. */
export const linkTrials: readonly Trial[] = [
  {
    check: namespaces,
    found: 'made, pinned by a mount, entered and left',
    remedy: {
      hint: 'a container needs: --privileged, or CAP_SYS_ADMIN and CAP_NET_ADMIN without seccomp and AppArmor profiles',
    },
    attempt({ namespaces: kernel }) {
      for (const name of [here, there]) kernel.create(name);
    },
  },
  {
    check: veth,
    needs: [namespaces],
    found: 'joins two namespaces, with an address',
    remedy: moduleRemedy('veth'),
    attempt: (kernel) =>
      apply(kernel, [
        addLink({ kind: 'veth', name: nodeLink, peer: { name: 'eth0', namespace: there } }),
        { action: 'add-address', address: { link: nodeLink, address: '192.0.2.1/24' } },
      ]),
  },
  {
    check: 'bridge',
    needs: [namespaces],
    found: 'made',
    remedy: moduleRemedy('bridge'),
    attempt: (kernel) => apply(kernel, [addLink({ kind: 'bridge', name: 'bridge' })]),
  },
  {
    check: 'vxlan',
    needs: [veth],
    found: 'made on a veth',
    remedy: moduleRemedy('vxlan'),
    attempt: (kernel) =>
      apply(kernel, [
        addLink({
          kind: 'vxlan',
          name: 'vxlan',
          vni: 4096,
          port: 4789,
          local: '192.0.2.1',
          device: nodeLink,
        }),
      ]),
  },
  {
    check: 'settings',
    needs: [veth],
    found: 'those of namespaces can be written',
    remedy: { hint: 'a container needs /proc/sys to be writable, as with --privileged' },
    attempt: ({ sysctl }) =>
      sysctl.write(here, { ...labSysctls(['IPv4']), ...nodeSysctls(['IPv4'], release()) }),
  },
  {
    check: 'IPv6',
    needs: [veth],
    found: 'settings and addresses',
    without: 'labs have IPv4 only, not --ip-family ipv6 or dual',
    remedy: { hint: 'start the kernel without ipv6.disable=1' },
    attempt(kernel) {
      kernel.sysctl.write(here, labSysctls(['IPv6']));
      apply(kernel, [{ action: 'add-address', address: { link: nodeLink, address: '2001:db8::1/64' } }]);
    },
  },
  {
    check: 'sockets',
    needs: [namespaces],
    found: 'opened inside a namespace, also from addresses it does not own',
    remedy: { hint: 'a container needs CAP_NET_ADMIN' },
    attempt({ sockets }) {
      sockets.close(sockets.listen(there, { protocol: 'tcp', port: 80 }));
      const target = {
        protocol: 'udp',
        address: '127.0.0.1',
        port: 53,
        sourceAddress: '198.51.100.1',
      } as const;
      sockets.close(sockets.connect(there, target));
    },
  },
  {
    check: 'change messages',
    needs: [namespaces],
    found: 'the kernel tells what others change',
    remedy: { hint: 'a container needs CAP_NET_ADMIN' },
    attempt: ({ drift }) => drift.watch(here, ['links', 'rules']),
  },
];

const addLink = (link: Link): RouteOperation => ({ action: 'add-link', link });

function apply({ route }: Kernel, operations: readonly RouteOperation[]): void {
  const [failure] = route.apply(here, operations);
  if (failure !== undefined)
    throw new Error(`${failure.operation.action}: ${failure.code} ${failure.message}`);
}
