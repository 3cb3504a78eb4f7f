import type { NetworkModel } from '../../../src/model/network/models.ts';

/** The models that the table has a column for. */
export const tabledModels = [
  'calico',
  'flannel',
  'kubenet',
  'azure-cni-overlay',
] as const satisfies readonly NetworkModel[];

export type TabledModel = (typeof tabledModels)[number];

/**
 * Who the far end sees, by what its name is in `places.ts`; `nobody` where no answer comes. A word for all models, or one
 * for each.
 */
export type Seen = string | Readonly<Record<TabledModel, string>>;

/** One packet: who sends it, where to, and who is seen there. */
export interface Cell {
  readonly title: string;
  readonly from: string;
  readonly to: string;
  readonly protocol?: 'TCP' | 'UDP';
  readonly seen: Seen;
}

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
    seen: { calico: 'node-1', flannel: 'bridge-1', kubenet: 'bridge-1', 'azure-cni-overlay': 'node-1' },
  },
  {
    title: 'a node and its own pod',
    from: 'node-1',
    to: 'a:8080',
    seen: { calico: 'node-1', flannel: 'bridge-1', kubenet: 'bridge-1', 'azure-cni-overlay': 'node-1' },
  },
  {
    title: 'a node and a pod of another',
    from: 'node-1',
    to: 'c:8080',
    seen: { calico: 'tunnel-1', flannel: 'tunnel-1', kubenet: 'node-1', 'azure-cni-overlay': 'node-1' },
  },
  {
    title: 'a node and a Service of another',
    from: 'node-1',
    to: 'svc-c:80',
    seen: { calico: 'tunnel-1', flannel: 'tunnel-1', kubenet: 'node-1', 'azure-cni-overlay': 'node-1' },
  },
  { title: 'a pod and its own node', from: 'a', to: 'node-1:9000', seen: 'a' },
  {
    title: 'a pod and another node',
    from: 'a',
    to: 'node-2:9000',
    seen: { calico: 'node-1', flannel: 'a', kubenet: 'node-1', 'azure-cni-overlay': 'node-1' },
  },
  {
    title: 'a pod and the node port of its own node',
    from: 'a',
    to: 'node-1:30080',
    seen: { calico: 'tunnel-1', flannel: 'tunnel-1', kubenet: 'node-1', 'azure-cni-overlay': 'node-1' },
  },
  {
    title: 'a pod and the node port of the node where the endpoint is',
    from: 'a',
    to: 'node-2:30080',
    seen: { calico: 'node-2', flannel: 'bridge-2', kubenet: 'bridge-2', 'azure-cni-overlay': 'node-2' },
  },
  {
    title: 'the internet and the node port of the node where the endpoint is',
    from: 'internet',
    to: 'node-2:30080',
    seen: { calico: 'node-2', flannel: 'bridge-2', kubenet: 'nobody', 'azure-cni-overlay': 'nobody' },
  },
  {
    title: 'the internet and the node port of another node',
    from: 'internet',
    to: 'node-1:30080',
    seen: { calico: 'tunnel-1', flannel: 'tunnel-1', kubenet: 'nobody', 'azure-cni-overlay': 'nobody' },
  },
  {
    title: 'the internet and a node port that keeps sources',
    from: 'internet',
    to: 'node-2:30081',
    seen: { calico: 'internet', flannel: 'internet', kubenet: 'nobody', 'azure-cni-overlay': 'nobody' },
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
  { title: 'a machine beside the nodes and a pod', from: 'machine', to: 'c:8080', seen: 'nobody' },
  {
    title: 'a pod and the internet',
    from: 'a',
    to: 'internet:7777',
    seen: { calico: 'node-1', flannel: 'node-1', kubenet: 'public', 'azure-cni-overlay': 'public' },
  },
  {
    title: 'a pod and a machine beside the nodes',
    from: 'a',
    to: 'machine:7000',
    seen: { calico: 'node-1', flannel: 'nobody', kubenet: 'node-1', 'azure-cni-overlay': 'node-1' },
  },
  { title: 'a node and a machine beside it', from: 'node-1', to: 'machine:7000', seen: 'node-1' },
  { title: 'a pod and a Service port that is not there', from: 'a', to: 'svc-c:81', seen: 'nobody' },
  { title: 'a pod and a port that nobody listens on', from: 'a', to: 'c:8081', seen: 'nobody' },
];
