/**
 * The few words of which clusters are made: few, so that selectors select, names meet and numbers collide. The
 * address ranges are those of a lab: see `placeCluster`.
 */
export const podLabels = { app: ['web', 'api', 'db'], tier: ['front', 'back'] } as const;
export const namespaceLabels = { env: ['prod', 'dev'], team: ['red', 'blue'] } as const;

/** What selectors of namespaces look for: their labels, and the name that each has as a label. */
export const namespaceSelectors = {
  ...namespaceLabels,
  'kubernetes.io/metadata.name': ['ns-0', 'ns-1'],
} as const;

/** All nodes, one, and none. */
export const nodeSelectors = [
  {},
  { matchLabels: { 'kubernetes.io/hostname': 'node-2' } },
  { matchLabels: { 'kubernetes.io/hostname': 'node-9' } },
];

export const portNames = ['http', 'dns', 'metrics'] as const;
export const portNumbers = [53, 80, 81, 8080, 8081, 9090] as const;
export const servicePorts = [53, 80, 443, 8000] as const;
export const protocols = ['TCP', 'TCP', 'UDP', 'UDP', 'SCTP'] as const;

/** Blocks and what may be excepted from each: pods, tunnels, nodes, Services, the outside, everything. */
export const ipBlocks: readonly { readonly cidr: string; readonly excepts: readonly string[] }[] = [
  {
    cidr: '10.244.0.0/16',
    excepts: ['10.244.0.0/24', '10.244.1.0/24', '10.244.1.0/32', '10.244.0.2/32', '10.244.2.0/25'],
  },
  { cidr: '10.244.0.0/24', excepts: ['10.244.0.0/32', '10.244.0.1/32', '10.244.0.2/31'] },
  { cidr: '10.244.1.0/24', excepts: ['10.244.1.0/32', '10.244.1.0/30'] },
  { cidr: '10.244.2.0/30', excepts: ['10.244.2.1/32'] },
  { cidr: '10.244.1.1/32', excepts: [] },
  { cidr: '10.244.0.0/32', excepts: [] },
  { cidr: '10.244.2.0/32', excepts: [] },
  { cidr: '172.20.0.0/16', excepts: ['172.20.1.1/32', '172.20.1.2/31'] },
  { cidr: '172.20.1.2/32', excepts: [] },
  { cidr: '10.96.0.0/12', excepts: [] },
  { cidr: '203.0.113.0/24', excepts: ['203.0.113.10/32', '203.0.113.128/25'] },
  { cidr: '198.51.100.0/24', excepts: ['198.51.100.0/29'] },
  { cidr: '2001:db8::/32', excepts: ['2001:db8::/64'] },
  { cidr: '0.0.0.0/0', excepts: ['10.0.0.0/8', '172.20.0.0/16', '203.0.113.0/24'] },
];

/**
 * Endpoints that somebody wrote down: addresses that pods of a lab often have, of nodes and tunnels, of nobody, and
 * of the internet, whose machine is made to answer on all ports that are written (53 has its resolver).
 */
export const writtenEndpoints = [
  '10.244.0.1',
  '10.244.1.1',
  '10.244.1.2',
  '10.244.2.3',
  '10.244.0.0',
  '10.244.2.0',
  '10.244.1.200',
  '172.20.1.1',
  '172.20.1.2',
  '203.0.113.10',
] as const;
export const writtenPorts = [8081, 80, 443, 8080] as const;
