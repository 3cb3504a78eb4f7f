import type { History } from './history.ts';
import { namespace, pod, policy, service } from './objects.ts';

const everything = { podSelector: {} } as const;
const client = pod('client', { node: 1 });
const named = (port: number): { name: string; containerPort: number }[] => [
  { name: 'http', containerPort: port },
  { name: 'other', containerPort: port + 1 },
];

/** What policies were once wrong about, or nearly. */
export const policyCases: readonly History[] = [
  {
    // Found by seed 0 of the first generator: names were resolved for selected pods only.
    name: 'an egress rule with an ipBlock and a named port opens that port of the pods in the block',
    states: [
      [
        namespace,
        client,
        pod('inside', { node: 2, ports: named(8080) }),
        pod('inside-otherwise', { node: 2, ports: named(9090) }),
        pod('outside', { node: 3, ports: named(8080) }),
        policy('p', {
          podSelector: { matchLabels: { app: 'client' } },
          policyTypes: ['Egress'],
          egress: [{ to: [{ ipBlock: { cidr: '10.244.1.0/24' } }], ports: [{ port: 'http' }] }],
        }),
      ],
    ],
  },
  {
    // Found by seed 23: the node's own route drops what nobody in its block has, before any policy.
    name: 'what is sent to nobody in the block of the own node is not denied, but gets nowhere',
    states: [
      [
        namespace,
        client,
        pod('neighbour', { node: 2 }),
        policy('p', { ...everything, policyTypes: ['Egress'], egress: [] }),
      ],
    ],
  },
  {
    name: 'a block of IPv6 addresses matches nobody, and disturbs no other rule',
    states: [
      [
        namespace,
        client,
        pod('server', { node: 2 }),
        policy('p', {
          ...everything,
          policyTypes: ['Ingress', 'Egress'],
          ingress: [{ from: [{ ipBlock: { cidr: '2001:db8::/32' } }, { podSelector: {} }] }],
          egress: [
            { to: [{ ipBlock: { cidr: '::/0', except: ['2001:db8::/32'] } }], ports: [{ port: 'http' }] },
          ],
        }),
      ],
    ],
  },
  {
    name: 'a pod that may do nothing reaches itself, directly and through its own Service, and its node',
    states: [
      [
        namespace,
        client,
        pod('other', { node: 1 }),
        service('itself', { selector: { app: 'client' }, ports: [{ port: 80 }] }),
        policy('p', { ...everything, policyTypes: ['Ingress', 'Egress'], ingress: [], egress: [] }),
      ],
    ],
  },
];
