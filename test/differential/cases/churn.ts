import type { KubernetesObject } from '../../../src/api/types/meta.ts';
import type { History } from './history.ts';
import { namespace, pod, policy, service } from './objects.ts';

const client = pod('client', { node: 1 });
/** Lets only pods with the label `good` in, and the client only out to them. */
const onlyGood = [
  policy('in', {
    podSelector: { matchLabels: { app: 'server' } },
    policyTypes: ['Ingress'],
    ingress: [{ from: [{ podSelector: { matchLabels: { good: 'yes' } } }] }],
  }),
  policy('out', {
    podSelector: { matchLabels: { app: 'client' } },
    policyTypes: ['Egress'],
    egress: [{ to: [{ podSelector: { matchLabels: { good: 'yes' } } }] }],
  }),
];
const base = [namespace, client, pod('server', { node: 2 }), ...onlyGood];
const web = (labels: Record<string, string>): KubernetesObject => pod('web', { node: 3, labels });
const nodePort = (number: number): KubernetesObject =>
  service('web', { type: 'NodePort', selector: { app: 'web' }, ports: [{ port: 80, nodePort: number }] });

export const churnCases: readonly History[] = [
  {
    name: 'an address is what its pod of now is, not what the pod before it was',
    states: [
      [...base, pod('first', { node: 3, labels: { good: 'yes' } })],
      base,
      [...base, pod('second', { node: 3, labels: { good: 'no' } })],
      base,
      [...base, pod('third', { node: 3, labels: { good: 'yes' } })],
    ],
  },
  {
    name: 'a pod of the same name is another pod',
    states: [
      [...base, pod('same', { node: 3, labels: { good: 'yes' } })],
      base,
      [...base, pod('same', { node: 1, labels: { app: 'client' }, ports: [{ containerPort: 81 }] })],
    ],
  },
  {
    name: 'a pod whose labels change is judged by the new ones, as peer and by its own policies',
    states: [
      [...base, web({ good: 'yes' })],
      [...base, web({ app: 'client' })],
      [...base, web({ app: 'server', good: 'yes' })],
      [...base, web({})],
    ],
  },
  {
    name: 'a Service loses its last endpoint and gets it back',
    states: [
      [namespace, client, web({ app: 'web' }), nodePort(30_080)],
      [namespace, client, web({ app: 'none' }), nodePort(30_080)],
      [namespace, client, web({ app: 'web' }), nodePort(30_080)],
      [namespace, client, nodePort(30_080)],
      [namespace, client, pod('web-again', { node: 1, labels: { app: 'web' } }), nodePort(30_080)],
    ],
  },
  {
    name: 'a node port moves, goes with its type, and comes back',
    states: [
      [namespace, client, web({ app: 'web' }), nodePort(30_080)],
      [namespace, client, web({ app: 'web' }), nodePort(30_081)],
      [
        namespace,
        client,
        web({ app: 'web' }),
        service('web', { type: 'ClusterIP', selector: { app: 'web' }, ports: [{ port: 80 }] }),
      ],
      [namespace, client, web({ app: 'web' }), nodePort(30_080)],
    ],
  },
];
