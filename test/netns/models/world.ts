import type { KubernetesObject } from '../../../src/api/types/meta.ts';
import type { Service } from '../../../src/api/types/core.ts';
import { fabricResources, resources } from '../../../src/api/resources.ts';
import type { VirtualMachine } from '../../../src/api/types/fabric.ts';
import type { Flow } from '../../../src/analysis/flow.ts';
import { openLabs } from '../../../src/cmd/labs.ts';
import { machineNetns, nodeNetns } from '../../../src/model/fabric/default-fabric.ts';
import { networkConfigOf, type NetworkConfig } from '../../../src/model/network/config.ts';
import { labAddresses } from '../../../src/model/network/lab-addresses.ts';
import { modelTraits, type NetworkModel } from '../../../src/model/network/models.ts';
import { labPlaces } from '../../../src/lab/options.ts';
import { createServingClient } from '../../../src/workload/serving-client.ts';
import { machine } from '../../support/networks.ts';
import { eventually } from '../flow.ts';
import { podOn, startLab, type TestLab } from '../../support/lab.ts';

/** A lab of a model with everything in it that `cells.ts` names. */
export interface ModelLab {
  readonly lab: TestLab;
  /** Addresses by name. */
  readonly addresses: ReadonlyMap<string, string>;
  /** Pin's name of the namespace of who sends. */
  readonly netnsOf: (name: string) => string;
  /** The same packet, as a question. */
  flowOf(cell: { from: string; to: string; protocol?: 'TCP' | 'UDP' }): Flow;
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

/** Starts it; the machine beside the nodes answers on TCP 7000, the internet on 7777. */
export async function startModelLab(model: NetworkModel): Promise<ModelLab> {
  const config = networkConfigOf({
    apiVersion: 'weft.dev/v1alpha1',
    kind: 'ClusterNetwork',
    metadata: { name: 'default' },
    spec: { model },
  });
  const lab = await startLab(`model-${model}`, { nodes: 2, config });
  try {
    return await furnish(lab, config);
  } catch (error) {
    await lab.down();
    throw error;
  }
}

async function furnish(lab: TestLab, config: NetworkConfig): Promise<ModelLab> {
  await lab.apply(objects);
  const beside = await machineBeside(lab, config);
  const serving = createServingClient(openLabs().control.paths(lab.name).socket('holder'));
  for (const [netns, port] of [
    [beside.netns, 7000],
    [machineNetns.internet, 7777],
  ] as const) {
    await serving.serve({
      uid: netns,
      pod: netns,
      node: netns,
      netns,
      listeners: [{ protocol: 'TCP', port }],
    });
  }
  const { publicAddress } = beside;
  const addresses = new Map<string, string>([
    ['internet', labAddresses.internet],
    ['machine', beside.address],
  ]);
  if (publicAddress !== undefined) addresses.set('public', publicAddress);
  for (const [index, place] of labPlaces({ nodes: 2, config }).entries()) {
    addresses.set(`node-${index + 1}`, place.address);
    if (place.tunnelAddress !== undefined) addresses.set(`tunnel-${index + 1}`, place.tunnelAddress);
    if (place.bridgeAddress !== undefined) addresses.set(`bridge-${index + 1}`, place.bridgeAddress);
  }
  const netns = new Map<string, string>();
  for (const name of ['a', 'b', 'c']) {
    addresses.set(name, (await lab.pod(`default/${name}`)).status?.podIP ?? '');
    netns.set(name, await lab.netnsOf(`default/${name}`));
  }
  const { items } = await lab.connection.client.list(resources.services);
  for (const { metadata, spec } of items) addresses.set(`svc-${metadata.name}`, spec.clusterIP ?? '');
  const machines: Readonly<Record<string, string>> = {
    internet: machineNetns.internet,
    machine: beside.netns,
  };
  return {
    lab,
    addresses,
    netnsOf: (name) => netns.get(name) ?? machines[name] ?? nodeNetns(name),
    flowOf({ from, to, protocol = 'TCP' }) {
      const [name = '', port = ''] = to.split(':');
      const destination = { kind: 'address', address: addresses.get(name) ?? '' } as const;
      return { source: sourceOf(from, addresses), destination, protocol, port: Number(port) };
    },
  };
}

/** The API server's machine where there is a segment; in a network, one of a subnet that nodes' routes are not for. */
async function machineBeside(
  lab: TestLab,
  { model }: NetworkConfig,
): Promise<{ netns: string; address: string; publicAddress?: string }> {
  if (modelTraits[model].world === 'segment') {
    return { netns: machineNetns.control, address: labAddresses.control };
  }
  const { client } = lab.connection;
  await client.create(fabricResources.virtualmachines, machine('web', 'default/machines') as VirtualMachine);
  let address: string | undefined;
  let publicAddress: string | undefined;
  await eventually('the machine has an address', async () => {
    const found = await client.get(fabricResources.virtualmachines, { name: 'web' });
    const network = await client.get(fabricResources.virtualnetworks, { name: 'default' });
    address = found?.status?.interfaces?.[0]?.addresses?.[0];
    publicAddress = network?.status?.publicAddresses?.[0];
    return address !== undefined && publicAddress !== undefined;
  });
  return { netns: 'vm-web', address: address ?? '', ...(publicAddress && { publicAddress }) };
}

function sourceOf(name: string, addresses: ReadonlyMap<string, string>): Flow['source'] {
  if (name.startsWith('node-')) return { kind: 'node', name };
  if (name.length === 1) return { kind: 'pod', key: `default/${name}` };
  return { kind: 'address', address: addresses.get(name) ?? '' };
}
