import type { ClusterNetworkSpec } from '../../../src/api/types/network.ts';

/** The columns of the table: models, and variants of them. */
export const columns = {
  calico: { model: 'calico' },
  flannel: { model: 'flannel' },
  kubenet: { model: 'kubenet' },
  'azure-cni-overlay': { model: 'azure-cni-overlay' },
  'azure-cni': { model: 'azure-cni' },
  'azure-cni on a bridge': { model: 'azure-cni', cniMode: 'bridge' },
  'azure-cni-dynamic': { model: 'azure-cni-dynamic' },
  'static blocks': { model: 'azure-cni-dynamic', podIPAllocation: 'StaticBlock' },
} as const satisfies Readonly<Record<string, ClusterNetworkSpec>>;

export type Column = keyof typeof columns;

/** Those whose nodes are in a virtual network. */
export type NetworkColumn = Exclude<Column, 'calico' | 'flannel'>;

/** One packet: who sends it, and where to. */
export interface Packet {
  readonly from: string;
  readonly to: string;
  readonly protocol?: 'TCP' | 'UDP';
}

/**
 * A packet, and who the far end sees, by the names of `world.ts`; `nobody` where no answer comes. A word for all columns,
 * or one for each.
 */
export interface Cell<C extends Column = Column> extends Packet {
  readonly title: string;
  readonly seen: string | Readonly<Record<C, string>>;
}

/** Where pods have addresses of their nodes' subnet. */
const ofNodeSubnet = (seen: string) => ({ 'azure-cni': seen, 'azure-cni on a bridge': seen });

/** Where pods have addresses of a subnet of their own. */
const ofPodSubnet = (seen: string) => ({ 'azure-cni-dynamic': seen, 'static blocks': seen });

/** Where pods have addresses of the network's subnets. */
const assigned = (seen: string) => ({
  ...ofNodeSubnet(seen),
  ...ofPodSubnet(seen),
});

/** Where nodes in a virtual network have blocks of a range of the cluster's own. */
const blocks = (seen: string) => ({ kubenet: seen, 'azure-cni-overlay': seen });

/**
 * What every model promises, and where they differ: who is seen by whom. The addresses are those of the documents'
 * tables: pods always see pods; what others see depends on the model.
 *
 *     node-1    pods a, b, host-1 (on the host network)    Services: a, b, c, sticky (ClientIP; b and c)
 *     node-2    pods c, host-2                             node ports: c 30080, c 30081 (Local)
 *     machine   beside the nodes, no part of the cluster: on their segment, or in another subnet of their network
 *     internet  behind the router; `public` is the address by which it sees a virtual network
 */
export const cells: readonly Cell[] = [
  { title: 'a pod and another of its node', from: 'a', to: 'b:8080', seen: 'a' },
  { title: 'a pod and itself', from: 'a', to: 'a:8080', seen: 'a' },
  { title: 'a pod and one of another node', from: 'a', to: 'c:8080', seen: 'a' },
  { title: 'a pod and one of another node, UDP', from: 'a', to: 'c:5353', protocol: 'UDP', seen: 'a' },
  { title: 'a pod and a Service of its node', from: 'a', to: 'svc-b:80', seen: 'a' },
  { title: 'a pod and a Service of another node', from: 'a', to: 'svc-c:80', seen: 'a' },
  {
    title: 'a pod and its own Service',
    from: 'a',
    to: 'svc-a:80',
    seen: {
      calico: 'node-1',
      flannel: 'bridge-1',
      kubenet: 'bridge-1',
      'azure-cni-overlay': 'node-1',
      ...assigned('node-1'),
    },
  },
  {
    title: 'a node and its own pod',
    from: 'node-1',
    to: 'a:8080',
    seen: {
      calico: 'node-1',
      flannel: 'bridge-1',
      kubenet: 'bridge-1',
      'azure-cni-overlay': 'node-1',
      ...assigned('node-1'),
    },
  },
  {
    title: 'a node and a pod of another',
    from: 'node-1',
    to: 'c:8080',
    seen: {
      calico: 'tunnel-1',
      flannel: 'tunnel-1',
      kubenet: 'node-1',
      'azure-cni-overlay': 'node-1',
      ...assigned('node-1'),
    },
  },
  {
    title: 'a node and a Service of another',
    from: 'node-1',
    to: 'svc-c:80',
    seen: {
      calico: 'tunnel-1',
      flannel: 'tunnel-1',
      kubenet: 'node-1',
      'azure-cni-overlay': 'node-1',
      ...assigned('node-1'),
    },
  },
  { title: 'a pod and its own node', from: 'a', to: 'node-1:9000', seen: 'a' },
  {
    title: 'a pod and another node',
    from: 'a',
    to: 'node-2:9000',
    seen: {
      calico: 'node-1',
      flannel: 'a',
      kubenet: 'node-1',
      'azure-cni-overlay': 'node-1',
      ...assigned('a'),
    },
  },
  {
    title: 'a pod and the node port of its own node',
    from: 'a',
    to: 'node-1:30080',
    seen: {
      calico: 'tunnel-1',
      flannel: 'tunnel-1',
      kubenet: 'node-1',
      'azure-cni-overlay': 'node-1',
      ...assigned('node-1'),
    },
  },
  {
    title: 'a pod and the node port of the node where the endpoint is',
    from: 'a',
    to: 'node-2:30080',
    seen: {
      calico: 'node-2',
      flannel: 'bridge-2',
      kubenet: 'bridge-2',
      'azure-cni-overlay': 'node-2',
      ...assigned('node-2'),
    },
  },
  {
    title: 'the internet and the node port of the node where the endpoint is',
    from: 'internet',
    to: 'node-2:30080',
    seen: {
      calico: 'node-2',
      flannel: 'bridge-2',
      kubenet: 'nobody',
      'azure-cni-overlay': 'nobody',
      ...assigned('nobody'),
    },
  },
  {
    title: 'the internet and the node port of another node',
    from: 'internet',
    to: 'node-1:30080',
    seen: {
      calico: 'tunnel-1',
      flannel: 'tunnel-1',
      kubenet: 'nobody',
      'azure-cni-overlay': 'nobody',
      ...assigned('nobody'),
    },
  },
  {
    title: 'the internet and a node port that keeps sources',
    from: 'internet',
    to: 'node-2:30081',
    seen: {
      calico: 'internet',
      flannel: 'internet',
      kubenet: 'nobody',
      'azure-cni-overlay': 'nobody',
      ...assigned('nobody'),
    },
  },
  {
    title: 'the internet and a node port that keeps sources, on a node without endpoints',
    from: 'internet',
    to: 'node-1:30081',
    seen: 'nobody',
  },
  {
    title: 'a machine beside the nodes and a node port',
    from: 'machine',
    to: 'node-2:30081',
    seen: 'machine',
  },
  { title: 'the internet and a pod', from: 'internet', to: 'c:8080', seen: 'nobody' },
  {
    title: 'a machine beside the nodes and a pod',
    from: 'machine',
    to: 'c:8080',
    seen: { ...blocks('nobody'), calico: 'nobody', flannel: 'nobody', ...assigned('machine') },
  },
  {
    title: 'a pod and the internet',
    from: 'a',
    to: 'internet:7777',
    seen: {
      calico: 'node-1',
      flannel: 'node-1',
      kubenet: 'public',
      'azure-cni-overlay': 'public',
      ...assigned('public'),
    },
  },
  {
    title: 'a pod and a machine beside the nodes',
    from: 'a',
    to: 'machine:7000',
    seen: {
      calico: 'node-1',
      flannel: 'nobody',
      kubenet: 'node-1',
      'azure-cni-overlay': 'node-1',
      ...assigned('a'),
    },
  },
  { title: 'a node and a machine beside it', from: 'node-1', to: 'machine:7000', seen: 'node-1' },
  { title: 'a pod and a Service port that is not there', from: 'a', to: 'svc-c:81', seen: 'nobody' },
  { title: 'a pod and a port that nobody listens on', from: 'a', to: 'c:8081', seen: 'nobody' },
];

/**
 * Towards the machines of other networks, and from them.
 *
 *     neighbour  a machine of the nodes' own subnet: the route table of kubenet is its own too
 *     peer       a machine of a network that is peered with that of the nodes
 *     office     a machine on premises, behind the gateway of the nodes' network
 *     storage    a public service of the internet
 */
export const networkCells: readonly Cell<NetworkColumn>[] = [
  {
    title: 'a pod and a machine of the nodes’ own subnet',
    from: 'a',
    to: 'neighbour:7000',
    seen: { ...blocks('node-1'), ...assigned('a') },
  },
  {
    title: 'a pod and a machine of a peered network',
    from: 'a',
    to: 'peer:7000',
    seen: { ...blocks('node-1'), ...ofNodeSubnet('node-1'), ...ofPodSubnet('a') },
  },
  {
    title: 'a pod and a machine on premises',
    from: 'a',
    to: 'office:7000',
    seen: { ...blocks('node-1'), ...ofNodeSubnet('node-1'), ...ofPodSubnet('a') },
  },
  { title: 'a pod and a public service', from: 'a', to: 'storage:80', seen: 'public' },
  { title: 'a node and a machine of a peered network', from: 'node-1', to: 'peer:7000', seen: 'node-1' },
  { title: 'a node and a machine on premises', from: 'node-1', to: 'office:7000', seen: 'node-1' },
  {
    title: 'a machine of the nodes’ own subnet and a pod',
    from: 'neighbour',
    to: 'c:8080',
    seen: { kubenet: 'neighbour', 'azure-cni-overlay': 'nobody', ...assigned('neighbour') },
  },
  {
    title: 'a machine of a peered network and a pod',
    from: 'peer',
    to: 'c:8080',
    seen: { ...blocks('nobody'), ...assigned('peer') },
  },
  {
    title: 'a machine on premises and a pod',
    from: 'office',
    to: 'c:8080',
    seen: { ...blocks('nobody'), ...assigned('office') },
  },
  {
    title: 'a machine of a peered network and a node port of another node',
    from: 'peer',
    to: 'node-1:30080',
    seen: 'node-1',
  },
  {
    title: 'a machine of a peered network and a node port that keeps sources',
    from: 'peer',
    to: 'node-2:30081',
    seen: 'peer',
  },
  {
    title: 'a machine on premises and a node port that keeps sources',
    from: 'office',
    to: 'node-2:30081',
    seen: 'office',
  },
  {
    title: 'a machine of a peered network and a cluster address',
    from: 'peer',
    to: 'svc-c:80',
    seen: 'nobody',
  },
];
