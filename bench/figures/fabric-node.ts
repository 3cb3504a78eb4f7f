import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RouteTable } from '../../src/api/types/fabric.ts';
import { createFabric } from '../../src/fabric/fabric.ts';
import { createNetworkNamespaces } from '../../src/kernel/netns/real.ts';
import { createNftables } from '../../src/kernel/nft/nftables.ts';
import { createRouteNetlink } from '../../src/kernel/route/real.ts';
import { createSysctl } from '../../src/kernel/sysctl/real.ts';
import { buildWorld } from '../../src/model/fabric/network/build-world.ts';
import { defaultNetwork, defaultNetworkObjects } from '../../src/model/fabric/network/default-network.ts';
import { networkFabric } from '../../src/model/fabric/network/network-fabric.ts';
import { nodeInterfaces } from '../../src/model/fabric/network/node-interfaces.ts';
import { networkObjectsOf } from '../../src/model/fabric/network/objects.ts';
import type { Fabric } from '../../src/model/fabric/machines.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { NodePlace } from '../../src/model/network/topology.ts';
import type { Figure } from '../lib/figure.ts';

const before = 400;
const rounds = 15;

/**
 * One node more in a virtual network of 400 nodes of kubenet, each with its route in the table: from the objects to the
 * last element in the kernel, its namespace included.
 */
export const figure: Figure = {
  name: 'fabric-node',
  async *measure(progress) {
    const directory = mkdtempSync(join(tmpdir(), 'weft-bench-'));
    const namespaces = createNetworkNamespaces({ directory });
    const kernel = {
      namespaces,
      route: createRouteNetlink({ namespaces }),
      sysctl: createSysctl({ namespaces }),
      nft: createNftables({ namespaces }),
      clock: systemClock,
    };
    try {
      const fabric = createFabric(kernel);
      progress(`fabric-node: making ${before} nodes`);
      fabric.apply(fabricOf(before));
      const samples: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const start = performance.now();
        fabric.apply(fabricOf(before + 1 + round));
        samples.push(performance.now() - start);
      }
      yield { bench: 'fabric-node', unit: 'ms', samples, target: 50, peer: null };
    } finally {
      kernel.route.close();
      kernel.nft.close();
      for (const name of namespaces.list()) namespaces.delete(name);
      namespaces.close();
      rmSync(directory, { recursive: true });
    }
  },
};

/** So many nodes of kubenet, with a route each as far as a table has room. */
function fabricOf(count: number): Fabric {
  const places = Array.from({ length: count }, (_, index): NodePlace => {
    const podCidr = `10.${244 + (index >> 8)}.${index & 255}.0/24`;
    const address = `172.20.${1 + (index >> 8)}.${1 + (index & 127) + ((index >> 7) & 1) * 128}`;
    return { name: `node-${index + 1}`, address, podCidr, tunnelAddress: '' };
  });
  const table: RouteTable = {
    apiVersion: 'weft.dev/v1alpha1',
    kind: 'RouteTable',
    metadata: { name: defaultNetwork.routeTable },
    spec: {
      routes: places.slice(-before).map(({ name, podCidr, address }) => ({
        name,
        prefix: podCidr,
        nextHopType: 'VirtualAppliance',
        nextHopAddress: address,
      })),
    },
  };
  const objects = networkObjectsOf(defaultNetworkObjects('kubenet'));
  const nodes = nodeInterfaces(places, { config: { model: 'kubenet' }, networks: objects.networks });
  return networkFabric(buildWorld({ ...objects, routeTables: [table] }, nodes));
}
