import type { KubernetesObject } from '../../../src/api/types/meta.ts';
import type { Service } from '../../../src/api/types/core.ts';
import { fabricResources, resources } from '../../../src/api/resources.ts';
import type {
  Site,
  VirtualMachine,
  VirtualNetwork,
  VirtualNetworkPeering,
} from '../../../src/api/types/fabric.ts';
import type { ClusterNetworkSpec } from '../../../src/api/types/network.ts';
import type { Flow } from '../../../src/analysis/flow.ts';
import { createRouteNetlink } from '../../../src/kernel/route/real.ts';
import type { NamespaceState } from '../../../src/kernel/route/port.ts';
import { openLabs } from '../../../src/cmd/weft/labs.ts';
import { machineNetns, nodeNetns } from '../../../src/model/fabric/default-fabric.ts';
import { networkConfigOf, type NetworkConfig } from '../../../src/model/network/config.ts';
import { labAddresses } from '../../../src/model/network/lab-addresses.ts';
import { virtualMachineNetns } from '../../../src/model/fabric/network/machine-interfaces.ts';
import { siteNetns } from '../../../src/model/fabric/network/network-fabric.ts';
import { modelTraits } from '../../../src/model/network/models.ts';
import { labPlaces } from '../../../src/lab/options.ts';
import { createServingClient } from '../../../src/workload/serving-client.ts';
import { fabricObject, machine, network } from '../../support/networks.ts';
import { eventually } from '../flow.ts';
import type { Packet } from './cells.ts';
import { podOn, startLab, type TestLab } from '../../support/lab.ts';

/** A lab of a model with everything in it that `cells.ts` names. */
export interface ModelLab {
  readonly lab: TestLab;
  /** Addresses by name. */
  readonly addresses: ReadonlyMap<string, string>;
  /** Pin's name of the namespace of who sends. */
  readonly netnsOf: (name: string) => string;
  /** The same packet, as a question. */
  flowOf(packet: Packet): Flow;
}

function service(name: string, spec: Partial<Service['spec']>): KubernetesObject {
  const ports = [{ port: 80, targetPort: 8080, ...spec.ports?.[0] }];
  const made: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { selector: { name }, ...spec, ports },
  };
  return made;
}

function onHost(name: string, node: string): KubernetesObject {
  const pod = podOn(node, `default/${name}`, { ports: [9000] });
  return { ...pod, spec: { ...pod.spec, hostNetwork: true } } as KubernetesObject;
}

const objects: readonly KubernetesObject[] = [
  podOn('node-1', 'default/a'),
  podOn('node-1', 'default/b', { labels: { set: 'both' } }),
  podOn('node-2', 'default/c', { labels: { set: 'both' }, udp: [5353] }),
  onHost('host-1', 'node-1'),
  onHost('host-2', 'node-2'),
  service('a', {}),
  service('b', {}),
  service('c', { type: 'NodePort', ports: [{ port: 80, nodePort: 30_080 }] }),
  service('local', {
    type: 'NodePort',
    selector: { name: 'c' },
    ports: [{ port: 80, nodePort: 30_081 }],
    externalTrafficPolicy: 'Local',
  }),
  service('sticky', { selector: { set: 'both' }, sessionAffinity: 'ClientIP' }),
];

/** Starts it; the machines beside the nodes answer on TCP 7000, the internet on 7777. */
export async function startModelLab(name: string, spec: ClusterNetworkSpec): Promise<ModelLab> {
  const config = networkConfigOf({
    apiVersion: 'weft.dev/v1alpha1',
    kind: 'ClusterNetwork',
    metadata: { name: 'default' },
    spec,
  });
  const lab = await startLab(`m-${name.replaceAll(' ', '-')}`, { nodes: 2, config });
  try {
    return await furnish(lab, config);
  } catch (error) {
    await lab.down();
    throw error;
  }
}

async function furnish(lab: TestLab, config: NetworkConfig): Promise<ModelLab> {
  await lab.apply(objects);
  const isSegment = modelTraits[config.model].world === 'segment';
  const surroundings = isSegment ? segment : await furnishNetwork(lab);
  const serving = createServingClient(openLabs().control.paths(lab.name).socket('holder'));
  // Machines of virtual networks say themselves at what they answer.
  const listeners = isSegment ? ([[machineNetns.control, 7000]] as const) : [];
  for (const [netns, port] of [...listeners, [machineNetns.internet, 7777] as const]) {
    await serving.serve({
      uid: netns,
      pod: netns,
      node: netns,
      netns,
      listeners: [{ protocol: 'TCP', port }],
    });
  }
  const addresses = new Map([['internet', labAddresses.internet], ...surroundings.addresses]);
  for (const [index, place] of labPlaces({ nodes: 2, config }).entries()) {
    addresses.set(`node-${index + 1}`, place.address);
    if (place.tunnelAddress !== undefined) addresses.set(`tunnel-${index + 1}`, place.tunnelAddress);
    if (place.bridgeAddress !== undefined) addresses.set(`bridge-${index + 1}`, place.bridgeAddress);
  }
  const netns = new Map([['internet', machineNetns.internet], ...surroundings.machines]);
  for (const name of ['a', 'b', 'c']) {
    addresses.set(name, (await lab.pod(`default/${name}`)).status?.podIP ?? '');
    netns.set(name, await lab.netnsOf(`default/${name}`));
  }
  const { items } = await lab.connection.client.list(resources.services);
  for (const { metadata, spec } of items) addresses.set(`svc-${metadata.name}`, spec.clusterIP ?? '');
  return {
    lab,
    addresses,
    netnsOf: (name) => netns.get(name) ?? nodeNetns(name),
    flowOf({ from, to, protocol = 'TCP' }) {
      const [name = '', port = ''] = to.split(':');
      const destination = { kind: 'address', address: addresses.get(name) ?? '' } as const;
      return { source: sourceOf(from, addresses), destination, protocol, port: Number(port) };
    },
  };
}

/** What is beside the nodes, by the names of the cells. */
interface Surroundings {
  readonly addresses: ReadonlyMap<string, string>;
  /** Pins' names of the namespaces of machines. */
  readonly machines: ReadonlyMap<string, string>;
}

/** The API server's machine where there is a segment. */
const segment: Surroundings = {
  addresses: new Map([['machine', labAddresses.control]]),
  machines: new Map([['machine', machineNetns.control]]),
};

/** Addresses of the machines that are added to the nodes' network, which has 172.20.0.0/16, and around it. */
const added = {
  machine: { where: 'default/machines', address: '172.20.128.9' },
  neighbour: { where: 'default/nodes', address: '172.20.0.200' },
  peer: { where: 'peered/machines', address: '10.9.0.9' },
} as const;
const [officeRange, officeAddress] = ['192.168.7.0/24', '192.168.7.1'];
/** Of `Microsoft.Storage`, which every lab's internet has. */
const storageAddress = '192.0.2.1';

/** Machines in a subnet that the nodes' routes are not for, in theirs, in a peered network, and on premises. */
async function furnishNetwork(lab: TestLab): Promise<Surroundings> {
  const { client } = lab.connection;
  const peered = network('peered', '10.9.0.0/16', { machines: '10.9.0.0/24' }) as VirtualNetwork;
  await client.create(fabricResources.virtualnetworks, peered);
  await client.create(
    fabricResources.virtualnetworkpeerings,
    fabricObject('VirtualNetworkPeering', 'peered', {
      networks: ['default', 'peered'],
    }) as VirtualNetworkPeering,
  );
  await client.create(
    fabricResources.sites,
    fabricObject('Site', 'office', {
      prefixes: [officeRange],
      gateway: { network: 'default' },
      ports: [{ port: 7000 }],
    }) as Site,
  );
  const addresses = new Map([
    ['office', officeAddress],
    ['storage', storageAddress],
  ]);
  const machines = new Map([['office', siteNetns('office')]]);
  for (const [name, { where, address }] of Object.entries(added)) {
    const made = machine(name, where, { addresses: [address] }) as VirtualMachine;
    const spec = { ...made.spec, ports: [{ port: 7000 }] };
    await client.create(fabricResources.virtualmachines, { ...made, spec });
    addresses.set(name, address);
    machines.set(name, virtualMachineNetns(name));
  }
  await eventually('the network has a public address, and its machines theirs', async () => {
    const found = await client.get(fabricResources.virtualnetworks, { name: 'default' });
    const { items } = await client.list(fabricResources.virtualmachines);
    const [publicAddress] = found?.status?.publicAddresses ?? [];
    if (publicAddress !== undefined) addresses.set('public', publicAddress);
    const isKnown =
      publicAddress !== undefined && items.every(({ status }) => status?.interfaces !== undefined);
    if (!isKnown) return false;
    // From where they are: each answers itself.
    const asked = [...machines].map(([name, netns]) => lab.probe(netns, `${addresses.get(name)}:7000`));
    return (await Promise.all(asked)).every(({ outcome }) => outcome === 'answered');
  });
  return { addresses, machines };
}

/** What the kernel has in a namespace. */
export function stateOf({ lab }: ModelLab, netns: string): NamespaceState {
  const route = createRouteNetlink({ namespaces: lab.namespaces });
  try {
    return route.dump(netns);
  } finally {
    route.close();
  }
}

function sourceOf(name: string, addresses: ReadonlyMap<string, string>): Flow['source'] {
  if (name.startsWith('node-')) return { kind: 'node', name };
  if (name.length === 1) return { kind: 'pod', key: `default/${name}` };
  return { kind: 'address', address: addresses.get(name) ?? '' };
}
