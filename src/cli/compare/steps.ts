/** What is tried in the lab of each column, for one cell. */
export type Step = ConnectionStep | LinksStep | NameStep;

/** What is tried in a lab as it is made, and then when the world around it is somebody's own. */
export interface Steps {
  readonly before: readonly Step[];
  readonly after: readonly Step[];
}

/** Asks the cluster's name server from a pod. */
export interface NameStep {
  readonly capability: string;
  readonly from: string;
  readonly name: string;
  /** What it must have, besides. */
  readonly has: string;
}

/** Looks at what connects the nodes. */
export interface LinksStep {
  readonly capability: string;
  readonly looksAt: 'links';
}

/** A packet that is sent. */
export interface ConnectionStep {
  readonly capability: string;
  /** Endpoints as on the command line; `{out}` is the load balancer's address. */
  readonly from: string;
  readonly to: string;
  readonly begunBy: 'pod' | 'other';
  /** What is to come of it where the network can what the cell asks for; `allowed` when absent. */
  readonly wanted?: 'allowed' | 'denied';
  /** The source that the other end must see, besides: an address of RFC 1918. */
  readonly sees?: 'private';
  /** How the name of the pod that answers must begin, besides: it is not who was asked. */
  readonly answeredBy?: string;
  readonly family?: 'ipv6';
}

const [a, b] = ['compare/a', 'compare/b'];
const nodePort = 30_080;

/** A connection between a pod and another end, begun by either. */
function eachWay(capability: string, end: string): ConnectionStep[] {
  return [
    { capability, from: a, to: `${end}:80`, begunBy: 'pod' },
    { capability, from: end, to: `${a}:80`, begunBy: 'other' },
  ];
}

/** Between pods of two nodes. */
function betweenPods(capability: string, family?: 'ipv6'): ConnectionStep[] {
  return [
    [a, b],
    [b, a],
  ].map(([from = '', to = '']) => ({
    capability,
    from,
    to: `${to}:80`,
    begunBy: 'pod',
    ...(family !== undefined && { family }),
  }));
}

const toService = (capability: string, from: string, to: string): ConnectionStep => ({
  capability,
  from,
  to,
  begunBy: from === a ? 'pod' : 'other',
});

/** The steps of each table, in the order of its rows. */
export const comparisonSteps = {
  aks: {
    before: betweenPods('vnet-existing-or-new'),
    after: [
      ...betweenPods('vnet-existing-or-new'),
      ...betweenPods('pod-pod'),
      ...eachWay('pod-vm-same-vnet', 'vm:machine'),
      ...eachWay('pod-vm-peered-vnet', 'vm:peer'),
      ...eachWay('on-premises', 'site:office'),
      { capability: 'service-endpoint', from: a, to: '192.0.2.1:443', begunBy: 'pod', sees: 'private' },
      toService('expose-service', 'vm:machine', `node:node-1:${nodePort}`),
      toService('expose-service', 'vm:peer', `node:node-2:${nodePort}`),
      { ...toService('expose-service', 'vm:peer', 'vm:gateway:80'), answeredBy: 'compare/' },
      toService('expose-service', 'internet', '{out}:80'),
      toService('expose-service', 'vm:peer', '{out}:80'),
      { capability: 'azure-dns-private-zones', from: a, name: 'db.corp.example', has: '172.20.128.9' },
    ],
  },
  hci: {
    before: betweenPods('existing-or-new-network'),
    after: [
      { capability: 'network-policies', from: a, to: 'compare/guarded:80', begunBy: 'pod', wanted: 'denied' },
      ...betweenPods('ipv6', 'ipv6'),
      { capability: 'layers', looksAt: 'links' },
      ...betweenPods('existing-or-new-network'),
      ...betweenPods('pod-pod'),
      { capability: 'pod-vm-same-network', from: a, to: 'vm:neighbour:80', begunBy: 'pod' },
      { capability: 'pod-vm-other-network', from: a, to: 'vm:far:80', begunBy: 'pod' },
      toService('kubernetes-services', a, 'svc:compare/web:80'),
      toService('kubernetes-services', 'vm:far', `node:node-1:${nodePort}`),
      toService('load-balancer', 'internet', '{out}:80'),
      toService('multiple-networks', 'compare/viewer', 'vm:second:80'),
    ],
  },
} as const satisfies Readonly<Record<string, Steps>>;
