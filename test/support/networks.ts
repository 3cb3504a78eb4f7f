import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { VirtualMachine, VirtualNetwork } from '../../src/api/types/fabric.ts';
import type { KubernetesObject } from '../../src/api/types/meta.ts';
import { servingAt } from '../../src/cmd/control/serve-machines.ts';
import { createFabric, type FabricExecutor } from '../../src/fabric/fabric.ts';
import { createNetworkNamespaces } from '../../src/kernel/netns/real.ts';
import type { NetworkNamespaces } from '../../src/kernel/netns/port.ts';
import { createNftables } from '../../src/kernel/nft/nftables.ts';
import type { Nftables } from '../../src/kernel/nft/port.ts';
import { createPoller } from '../../src/kernel/poll/poller.ts';
import { createRouteNetlink } from '../../src/kernel/route/real.ts';
import type { RouteNetlink } from '../../src/kernel/route/port.ts';
import { createSockets } from '../../src/kernel/sockets/sockets.ts';
import { createSysctl } from '../../src/kernel/sysctl/real.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { machineNetns } from '../../src/model/fabric/default-fabric.ts';
import { buildWorld } from '../../src/model/fabric/network/build-world.ts';
import { virtualMachineNetns } from '../../src/model/fabric/network/machine-interfaces.ts';
import { networkFabric, siteNetns } from '../../src/model/fabric/network/network-fabric.ts';
import { networkObjectsOf } from '../../src/model/fabric/network/objects.ts';
import type { NetworkInterface } from '../../src/model/fabric/network/world.ts';
import type { ProbeResult } from '../../src/workload/port.ts';
import { createFakeDenials } from '../../src/workload/probe/fake-denials.ts';
import { createProber } from '../../src/workload/probe/prober.ts';
import { createStandIns } from '../../src/workload/stand-in/stand-ins.ts';

/** Virtual networks in the kernel, without a cluster. */
export interface TestNetworks {
  readonly namespaces: NetworkNamespaces;
  readonly nft: Nftables;
  readonly route: RouteNetlink;
  readonly fabric: FabricExecutor;
  /** Makes the world hold exactly these objects, with stand-ins at TCP and UDP port 80 of all machines. */
  apply(objects: readonly KubernetesObject[], nodes?: readonly NetworkInterface[]): Promise<void>;
  /** From a machine (`vm:NAME`, `site:NAME`) to `ADDRESS:PORT`: the source that was seen there, or what came of it. */
  seen(from: string, target: string, options?: SeenOptions): Promise<string>;
  /** The same, as told; who answers is named by the pin of its namespace. */
  ask(from: string, target: string, options?: SeenOptions): Promise<ProbeResult>;
  close(): Promise<void>;
}

interface SeenOptions {
  readonly protocol?: 'TCP' | 'UDP';
  readonly sourceAddress?: string;
  readonly timeoutMs?: number;
}

export function createTestNetworks(): TestNetworks {
  const directory = mkdtempSync(join(tmpdir(), 'weft-networks-'));
  const poller = createPoller();
  const namespaces = createNetworkNamespaces({ directory });
  const route = createRouteNetlink({ namespaces });
  const nft = createNftables({ namespaces });
  const sockets = createSockets({ namespaces });
  const sysctl = createSysctl({ namespaces });
  const fabric = createFabric({ namespaces, route, sysctl, nft, clock: systemClock });
  const standIns = createStandIns({
    sockets,
    namespaces,
    poller: () => poller,
    families: ['IPv4'],
    log: silentLog,
  });
  const prober = createProber({ sockets, denials: createFakeDenials(), clock: systemClock });
  const serve = async (netns: string, addresses: readonly string[]): Promise<void> => {
    const listeners = (['TCP', 'UDP'] as const).map((protocol) => ({ protocol, port: 80 }));
    const own = { uid: netns, pod: netns, node: '', netns, listeners };
    const isEverybody = netns === machineNetns.internet || netns === machineNetns.services;
    await standIns.serve(isEverybody ? { ...own, hasSeveralAddresses: true } : servingAt(own, addresses));
  };
  const ask: TestNetworks['ask'] = async (
    from,
    target,
    { protocol = 'TCP', sourceAddress, timeoutMs = 300 } = {},
  ) => {
    const [address = '', port = ''] = target.split(':');
    const probe = { netns: netnsOf(from), protocol, address, port: Number(port) };
    return prober.probe(sourceAddress === undefined ? probe : { ...probe, sourceAddress }, {
      timeoutMs,
      graceMs: 0,
    });
  };
  return {
    namespaces,
    nft,
    route,
    fabric,
    async apply(objects, nodes = []) {
      const world = buildWorld(networkObjectsOf(objects), nodes);
      fabric.apply(networkFabric(world));
      const machines = world.interfaces.map(({ netns }) => netns);
      const sites = world.sites.map(({ metadata }) => siteNetns(metadata.name));
      const served = new Set([...machines, ...sites, machineNetns.internet, machineNetns.services]);
      for (const { uid } of standIns.list()) if (!served.has(uid)) await standIns.unserve(uid);
      const addressesAt = (netns: string): string[] =>
        world.interfaces.flatMap((one) => (one.netns === netns ? one.addresses : []));
      for (const netns of served) await serve(netns, addressesAt(netns));
    },
    async seen(from, target, options) {
      const { answer, outcome } = await ask(from, target, options);
      return answer?.source ?? outcome;
    },
    ask,
    async close() {
      prober.close();
      await standIns.close();
      await poller.close();
      route.close();
      nft.close();
      for (const name of namespaces.list()) namespaces.delete(name);
      namespaces.close();
      rmSync(directory, { recursive: true });
    },
  };
}

function netnsOf(from: string): string {
  const [kind, name = ''] = from.split(':');
  if (kind === 'vm') return virtualMachineNetns(name);
  return kind === 'site' ? siteNetns(name) : (kind ?? '');
}

const apiVersion = 'weft.dev/v1alpha1';

export function fabricObject(kind: string, name: string, spec: object): KubernetesObject {
  const object = { apiVersion, kind, metadata: { name }, spec };
  return object;
}

/** A network whose subnets are written `NAME: PREFIX`. */
export function network(
  name: string,
  addressSpace: string,
  subnets: Readonly<Record<string, string | NonNullable<VirtualNetwork['spec']['subnets']>[number]>>,
): KubernetesObject {
  return fabricObject('VirtualNetwork', name, {
    addressSpace: [addressSpace],
    subnets: Object.entries(subnets).map(([subnet, prefix]) =>
      typeof prefix === 'string' ? { name: subnet, prefix } : prefix,
    ),
  });
}

/** A machine with one interface, in `NETWORK/SUBNET`. */
export function machine(
  name: string,
  where: string,
  more: Partial<VirtualMachine['spec']['interfaces'][number]> = {},
): KubernetesObject {
  const [in_ = '', subnet = ''] = where.split('/');
  return fabricObject('VirtualMachine', name, {
    interfaces: [{ name: 'eth0', network: in_, subnet, ...more }],
  });
}
