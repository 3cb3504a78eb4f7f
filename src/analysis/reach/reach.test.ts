import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Protocol } from '../../api/types/meta.ts';
import type { NetworkPolicySpec } from '../../api/types/network.ts';
import type { ClusterNetworkPolicyEgressRule } from '../../api/types/policy.ts';
import type { Cluster } from '../../model/cluster.ts';
import { changes } from '../../model/policy/testing/arbitraries.ts';
import { applyChange, emptyWorld, type World } from '../../model/policy/testing/naive-world.ts';
import { isAllowedNaively } from '../../model/policy/testing/naive.ts';
import { describeCluster, type ClusterDescription } from '../testing/cluster.ts';
import { clusterOf, workloadName } from '../testing/cluster-of-world.ts';
import type { ReachOptions } from './options.ts';
import { reach } from './reach.ts';

function rows(description: ClusterDescription, options?: ReachOptions): string[] {
  const { connections } = reach(describeCluster(description), options);
  return connections.map(
    ({ source, destination, ports }) => `${source} => ${destination} : ${ports.join(', ')}`,
  );
}

const two: ClusterDescription = {
  pods: {
    'a/web-1': { of: 'web', labels: { app: 'web' } },
    'a/web-2': { of: 'web', labels: { app: 'web' } },
    'a/db': { labels: { app: 'db' } },
  },
};
const web = { podSelector: { matchLabels: { app: 'web' } } };
const db = { podSelector: { matchLabels: { app: 'db' } } };
const withPolicy = (spec: NetworkPolicySpec): ClusterDescription => ({ ...two, policies: { 'a/p': spec } });

test('without policies every workload reaches every other and the outside, and itself is left out', () => {
  assert.deepEqual(rows(two), [
    '0.0.0.0/0 => a/db[Pod] : all',
    '0.0.0.0/0 => a/web[Deployment] : all',
    'a/db[Pod] => 0.0.0.0/0 : all',
    'a/db[Pod] => a/web[Deployment] : all',
    'a/web[Deployment] => 0.0.0.0/0 : all',
    'a/web[Deployment] => a/db[Pod] : all',
  ]);
});

test('pods of one workload are told apart when pods are asked for', () => {
  const between = rows(two, { level: 'pod' }).filter((row) => !row.includes('0.0.0.0/0'));
  assert.deepEqual(between, [
    'a/db => a/web-1 : all',
    'a/db => a/web-2 : all',
    'a/web-1 => a/db : all',
    'a/web-1 => a/web-2 : all',
    'a/web-2 => a/db : all',
    'a/web-2 => a/web-1 : all',
  ]);
});

/** Pods of namespace a may reach names, behind these rules and before all other addresses are denied. */
const named = (...before: ClusterNetworkPolicyEgressRule[]): ClusterDescription => ({
  ...two,
  clusterPolicies: {
    names: {
      tier: 'Admin',
      priority: 1,
      subject: { namespaces: {} },
      egress: [
        ...before,
        {
          action: 'Accept',
          to: [{ domainNames: ['*.Example.com'] }],
          protocols: [{ tcp: { destinationPort: { number: 443 } } }],
        },
        {
          action: 'Accept',
          to: [{ domainNames: ['api.example.com.', 'open.test'] }],
          protocols: [{ tcp: { destinationPort: { number: 80 } } }],
        },
        { action: 'Accept', to: [{ namespaces: {} }] },
        { action: 'Deny', to: [{ networks: ['0.0.0.0/0'] }] },
      ],
    },
  },
});

test('domain names that rules accept are destinations, with the ports that the name and its wildcards open', () => {
  const asked = { focus: { from: 'a/db', to: 'outside' } };
  assert.deepEqual(rows(named(), asked), [
    'a/db[Pod] => *.example.com : TCP 443',
    'a/db[Pod] => api.example.com : TCP 80, TCP 443',
    'a/db[Pod] => open.test : TCP 80',
  ]);
  assert.deepEqual(rows(named(), { focus: { to: 'open.test' } }), [
    'a/db[Pod] => open.test : TCP 80',
    'a/web[Deployment] => open.test : TCP 80',
  ]);
  // What is open to everybody outside is told once.
  assert.deepEqual(rows(named({ action: 'Accept', to: [{ networks: ['0.0.0.0/0'] }] }), asked), [
    'a/db[Pod] => 0.0.0.0/0 : all',
  ]);
});

test('why a name is open is the rule that names it', () => {
  const { connections } = reach(describeCluster(named()), {
    explained: {},
    focus: { from: 'a/db', to: '*.test' },
  });
  assert.deepEqual(
    connections.map(({ because }) => because?.map(({ object, rule }) => `${object} ${rule}`)),
    [['ClusterNetworkPolicy names spec.egress[1]']],
  );
});

test('a name depends on where it leads when a rule before denies some addresses that it may have, and only then', () => {
  const unknownWith = (cidr: string): string[] =>
    reach(describeCluster(named({ action: 'Deny', to: [{ networks: [cidr] }] })))
      .unknown.filter(({ destination }) => destination === 'open.test')
      .map(({ why }) => why);
  assert.deepEqual(
    new Set(unknownWith('198.51.100.0/24')),
    new Set(['it depends on where the name leads: a rule before denies some addresses']),
  );
  // No name leads to pods.
  assert.deepEqual(unknownWith('10.244.1.0/24'), []);
});

test('both ends must allow, and ports are merged and ascending', () => {
  const description = {
    ...two,
    policies: {
      'a/in': {
        ...db,
        ingress: [
          { from: [web], ports: [{ port: 81 }, { port: 80 }, { protocol: 'UDP' as const, port: 53 }] },
        ],
      },
      'a/out': {
        ...web,
        policyTypes: ['Egress' as const],
        egress: [{ ports: [{ port: 1, endPort: 80 }, { port: 81 }, { port: 90 }] }],
      },
    },
  };
  assert.deepEqual(
    rows(description).filter((row) => row.startsWith('a/web')),
    ['a/web[Deployment] => 0.0.0.0/0 : TCP 1-81, TCP 90', 'a/web[Deployment] => a/db[Pod] : TCP 80-81'],
  );
});

test('every port of every protocol is written all', () => {
  const ports = (['TCP', 'UDP', 'SCTP'] as const).map((protocol) => ({ protocol }));
  assert.ok(
    rows(withPolicy({ ...db, ingress: [{ from: [web], ports }] })).includes(
      'a/web[Deployment] => a/db[Pod] : all',
    ),
  );
  const onlyTcp = rows(withPolicy({ ...db, ingress: [{ from: [web], ports: ports.slice(0, 1) }] }));
  assert.ok(onlyTcp.includes('a/web[Deployment] => a/db[Pod] : TCP 1-65535'));
});

test('addresses outside are cut only where a policy tells them apart, and each pair on its own', () => {
  const blocks: NetworkPolicySpec = {
    ...db,
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{ from: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] } }] }],
    egress: [
      {
        to: [{ ipBlock: { cidr: '192.0.2.0/25' } }, { ipBlock: { cidr: '192.0.2.128/25' } }],
        ports: [{ port: 443 }],
      },
    ],
  };
  assert.deepEqual(
    rows(withPolicy(blocks)).filter((row) => /\d\.\d/.test(row)),
    [
      '0.0.0.0-9.255.255.255 => a/db[Pod] : all',
      '0.0.0.0/0 => a/web[Deployment] : all',
      '11.0.0.0-255.255.255.255 => a/db[Pod] : all',
      'a/db[Pod] => 192.0.2.0/24 : TCP 443',
      'a/web[Deployment] => 0.0.0.0/0 : all',
    ],
  );
});

test('IPv6 addresses are told about only where pods have them', () => {
  const blocks = withPolicy({ ...db, ingress: [{ from: [{ ipBlock: { cidr: '2001:db8::/32' } }] }] });
  assert.ok(rows(blocks).every((row) => !row.includes('::')));
  const cluster = describeCluster(blocks);
  const pod = cluster.pods.get('a/db');
  assert.ok(pod?.status);
  pod.status.podIPs = [{ ip: '10.244.1.3' }, { ip: 'fd00::3' }];
  const sources = reach(cluster).connections.filter(({ destination }) => destination === 'a/db[Pod]');
  assert.deepEqual(sources, [{ source: '2001:db8::/32', destination: 'a/db[Pod]', ports: ['all'] }]);
});

test('a workload whose pods differ has the union, and the pair is unknown with the variants', () => {
  const description: ClusterDescription = {
    pods: { ...two.pods, 'a/web-2': { of: 'web', labels: { app: 'web', canary: 'yes' } } },
    policies: {
      'a/p': {
        ...db,
        ingress: [{ from: [{ podSelector: { matchLabels: { canary: 'yes' } } }], ports: [{ port: 80 }] }],
      },
    },
  };
  const { connections, unknown } = reach(describeCluster(description));
  const pair = { source: 'a/web[Deployment]', destination: 'a/db[Pod]' };
  assert.ok(
    connections.some(
      (row) =>
        row.source === pair.source && row.destination === pair.destination && row.ports.join() === 'TCP 80',
    ),
  );
  assert.deepEqual(unknown, [{ ...pair, why: 'it depends on the pods: nothing or TCP 80' }]);
});

test('what passes on a node alone is told apart from what passes between nodes', () => {
  const agents = { hostNetwork: true, of: 'agent' };
  const { connections, unknown } = reach(
    describeCluster({
      pods: {
        'a/db': { labels: { app: 'db' } },
        'b/agent-1': { ...agents, node: 1 },
        'b/agent-2': { ...agents, node: 2 },
      },
      policies: { 'a/p': { podSelector: {}, policyTypes: ['Ingress'] } },
    }),
  );
  const pair = { source: 'b/agent[Deployment]', destination: 'a/db[Pod]' };
  assert.ok(connections.some(({ source, ports }) => source === pair.source && ports.join() === 'all'));
  assert.deepEqual(unknown, [
    { ...pair, why: 'it depends on the nodes: all where both are on one node, nothing between nodes' },
  ]);
});

test('an address block holds only some pods of a workload', () => {
  const { unknown } = reach(
    describeCluster(withPolicy({ ...db, ingress: [{ from: [{ ipBlock: { cidr: '10.244.1.1/32' } }] }] })),
  );
  assert.deepEqual(unknown, [
    { source: 'a/web[Deployment]', destination: 'a/db[Pod]', why: 'it depends on the pods: all or nothing' },
  ]);
});

test('an outside row that not all pods of a workload have is unknown', () => {
  const description: ClusterDescription = {
    pods: { ...two.pods, 'a/web-2': { of: 'web', labels: { app: 'web', canary: 'yes' } } },
    policies: { 'a/p': { podSelector: { matchLabels: { canary: 'yes' } }, policyTypes: ['Egress'] } },
  };
  const { unknown } = reach(describeCluster(description));
  assert.deepEqual(
    unknown.map(({ source, destination }) => `${source} => ${destination}`),
    ['a/web[Deployment] => 0.0.0.0/0', 'a/web[Deployment] => a/db[Pod]'],
  );
});

test('an outside row that a pod of the workload has in part is unknown', () => {
  const canary = { podSelector: { matchLabels: { canary: 'yes' } } };
  const to = [{ ipBlock: { cidr: '0.0.0.0/1' } }];
  const description: ClusterDescription = {
    pods: { ...two.pods, 'a/web-2': { of: 'web', labels: { app: 'web', canary: 'yes' } } },
    policies: { 'a/p': { ...canary, policyTypes: ['Egress'], egress: [{ to }] } },
  };
  const { connections, unknown } = reach(describeCluster(description));
  const toOutside = { source: 'a/web[Deployment]', destination: '0.0.0.0/0' };
  assert.ok(
    unknown.some((row) => row.source === toOutside.source && row.destination === toOutside.destination),
  );
  assert.deepEqual(
    connections.filter(({ source, destination }) => source === toOutside.source && /^\d/.test(destination)),
    [{ ...toOutside, ports: ['all'] }],
  );
});

test('the cluster DNS is left out unless asked for', () => {
  const description: ClusterDescription = {
    pods: { ...two.pods, 'kube-system/dns': { of: 'coredns', labels: { 'k8s-app': 'kube-dns' } } },
  };
  assert.deepEqual(rows(description), rows(two));
  assert.ok(
    rows(description, { includeClusterDns: true }).includes(
      'a/db[Pod] => kube-system/coredns[Deployment] : all',
    ),
  );
});

test('a pod on the host network is its node: above the policies of its node, an address to all others', () => {
  const description: ClusterDescription = {
    pods: {
      'a/agent': { node: 1, hostNetwork: true, labels: { app: 'web' } },
      'a/near': { node: 1, labels: { app: 'db' } },
      'a/far': { node: 2, labels: { app: 'db' } },
    },
    policies: {
      'a/p': { ...db, policyTypes: ['Ingress', 'Egress'], ingress: [{ from: [web] }], egress: [] },
    },
  };
  assert.deepEqual(
    rows(description).filter((row) => row.includes('a/agent') && !row.includes('0.0.0.0')),
    ['a/agent[Pod] => a/near[Pod] : all', 'a/near[Pod] => a/agent[Pod] : all'],
  );
});

interface Probe {
  readonly protocol: Protocol;
  readonly port: number;
}

const probes: Probe[] = (['TCP', 'UDP', 'SCTP'] as const).flatMap((protocol) =>
  [79, 80, 81, 90, 91].map((port) => ({ protocol, port })),
);

function isOpen(ports: readonly string[], { protocol, port }: Probe): boolean {
  return ports.some((text) => {
    if (text === 'all') return true;
    const [name, range = ''] = text.split(' ');
    const [first = 0, last = first] = range.split('-').map(Number);
    return name === protocol && first <= port && port <= last;
  });
}

function isAllowedAtBothEnds(
  world: World,
  cluster: Cluster,
  [source, destination]: [string, string],
  probe: Probe,
): boolean {
  const address = (key: string): string => cluster.pods.get(key)?.status?.podIP ?? '';
  return (
    isAllowedNaively(world, {
      direction: 'egress',
      subject: source,
      peer: destination,
      address: address(destination),
      ...probe,
    }) &&
    isAllowedNaively(world, {
      direction: 'ingress',
      subject: destination,
      peer: source,
      address: address(source),
      ...probe,
    })
  );
}

function* pairsOf(cluster: Cluster): Generator<[source: string, destination: string]> {
  for (const source of cluster.pods.keys()) {
    for (const destination of cluster.pods.keys()) if (source !== destination) yield [source, destination];
  }
}

test('reach agrees with the documentation read naively, pod by pod', () => {
  fc.assert(
    fc.property(changes, (history) => {
      const world = emptyWorld();
      for (const change of history) applyChange(world, change);
      const cluster = clusterOf(world);
      const ports = portsByPair(reach(cluster, { level: 'pod' }));
      for (const pair of pairsOf(cluster)) {
        for (const probe of probes) {
          assert.equal(
            isOpen(ports.get(pair.join(' ')) ?? [], probe),
            isAllowedAtBothEnds(world, cluster, pair, probe),
          );
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('between workloads reach has the union of their pods, and what differs is unknown', () => {
  fc.assert(
    fc.property(changes, (history) => {
      const world = emptyWorld();
      for (const change of history) applyChange(world, change);
      const cluster = clusterOf(world);
      const ofWorkloads = reach(cluster);
      const ports = portsByPair(ofWorkloads);
      const unknown = new Set(
        ofWorkloads.unknown.map(({ source, destination }) => `${source} ${destination}`),
      );
      for (const probe of probes) {
        for (const [pair, verdicts] of verdictsOfWorkloads(world, cluster, probe)) {
          assert.equal(isOpen(ports.get(pair) ?? [], probe), verdicts.has(true));
          if (verdicts.size > 1) assert.ok(unknown.has(pair), `${pair} should be unknown`);
        }
      }
    }),
    { numRuns: 60 },
  );
});

function verdictsOfWorkloads(world: World, cluster: Cluster, probe: Probe): Map<string, Set<boolean>> {
  const verdicts = new Map<string, Set<boolean>>();
  for (const pods of pairsOf(cluster)) {
    const [source, destination] = pods.map((key) => `${key[0] ?? ''}/${workloadName(key)}[Deployment]`);
    if (source === destination) continue;
    const pair = `${source} ${destination}`;
    verdicts.set(
      pair,
      (verdicts.get(pair) ?? new Set()).add(isAllowedAtBothEnds(world, cluster, pods, probe)),
    );
  }
  return verdicts;
}

function portsByPair({ connections }: ReturnType<typeof reach>): Map<string, readonly string[]> {
  return new Map(connections.map(({ source, destination, ports }) => [`${source} ${destination}`, ports]));
}
