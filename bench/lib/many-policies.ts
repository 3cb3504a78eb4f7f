import type { Namespace, Node, Pod } from '../../src/api/types/core.ts';
import type { NetworkPolicy } from '../../src/api/types/network.ts';
import type { Cluster } from '../../src/model/cluster.ts';
import { defaultNetworkConfig } from '../../src/model/network/config.ts';

/** Pods of a namespace: five tiers of four replicas, of which each may be called by the one before it. */
const tiers = ['edge', 'web', 'api', 'jobs', 'data'];
const replicas = 4;
const podsOfNamespace = tiers.length * replicas;
const podsOfNode = 100;

/**
 * A cluster as people have them: namespaces of 20 pods that are closed but for one policy for each tier, and a sixth
 * that lets in whoever watches all of them. `pods` / 20 namespaces, six policies each.
 */
export function policedCluster(pods: number): Cluster {
  const namespaces = Array.from({ length: pods / podsOfNamespace }, (_, index) => `team-${index}`);
  const nodes = Array.from({ length: Math.ceil(pods / podsOfNode) }, (_, index) => `node-${index}`);
  return {
    config: defaultNetworkConfig,
    namespaces: keyed(namespaces.map(namespaceObject)),
    nodes: keyed(nodes.map(nodeObject)),
    pods: keyed(namespaces.flatMap((namespace, index) => podsOf(namespace, index * podsOfNamespace))),
    services: new Map(),
    ipAddressPools: new Map(),
    l2Advertisements: new Map(),
    bgpAdvertisements: new Map(),
    bgpPeers: new Map(),
    endpointSlices: new Map(),
    networkPolicies: keyed(namespaces.flatMap(policiesOf)),
    clusterNetworkPolicies: new Map(),
    adminNetworkPolicies: new Map(),
    baselineAdminNetworkPolicies: new Map(),
  };
}

function keyed<T extends Namespace | Node | Pod | NetworkPolicy>(objects: readonly T[]): Map<string, T> {
  return new Map(
    objects.map((one) => {
      const { namespace, name } = one.metadata;
      return [namespace === undefined ? name : `${namespace}/${name}`, one] as const;
    }),
  );
}

const namespaceObject = (name: string): Namespace => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: {
    name,
    labels: { 'kubernetes.io/metadata.name': name, ...(name === 'team-0' && { watches: 'all' }) },
  },
});

const nodeObject = (name: string, index: number): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  spec: { podCIDR: `10.${64 + (index >> 8)}.${index & 255}.0/24` },
  status: { addresses: [{ type: 'InternalIP', address: `172.20.${1 + (index >> 8)}.${index & 255}` }] },
});

function podsOf(namespace: string, first: number): Pod[] {
  return tiers.flatMap((tier, place) =>
    Array.from({ length: replicas }, (_, replica): Pod => {
      const index = first + place * replicas + replica;
      const [node, host] = [Math.floor(index / podsOfNode), 2 + (index % podsOfNode)];
      return {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: `${tier}-${replica}`, namespace, labels: { tier, replica: String(replica) } },
        spec: {
          nodeName: `node-${node}`,
          containers: [{ name: 'c', image: 'none', ports: [{ name: 'serve', containerPort: 8080 }] }],
        },
        status: { podIP: `10.${64 + (node >> 8)}.${node & 255}.${host}`, phase: 'Running' },
      };
    }),
  );
}

function policiesOf(namespace: string): NetworkPolicy[] {
  const policy = (name: string, spec: NetworkPolicy['spec']): NetworkPolicy => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace },
    spec,
  });
  const between = tiers.slice(1).map((tier, index) =>
    policy(`${tier}-from-${tiers[index]}`, {
      podSelector: { matchLabels: { tier } },
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [{ podSelector: { matchLabels: { tier: tiers[index] ?? '' } } }],
          ports: [
            { port: 'serve', protocol: 'TCP' },
            { port: 9000 + index, endPort: 9010 },
          ],
        },
      ],
    }),
  );
  return [
    policy('closed', {
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
      egress: [{ to: [{ podSelector: {} }] }],
    }),
    policy('watched', {
      podSelector: {},
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [
            {
              namespaceSelector: { matchLabels: { watches: 'all' } },
              podSelector: { matchLabels: { tier: 'jobs' } },
            },
            { ipBlock: { cidr: '192.168.0.0/16', except: ['192.168.7.0/24'] } },
          ],
          ports: [{ port: 9100 }],
        },
      ],
    }),
    ...between,
  ];
}
