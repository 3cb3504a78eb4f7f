/** What must hold of who reaches whom in every cluster, whatever its policies: NetworkPolicies and those of other tiers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { ClusterNetworkPolicyEgressRule, ClusterNetworkPolicyIngressRule } from '../api/types/policy.ts';
import type { NetworkPolicyPeer, NetworkPolicyPort } from '../api/types/network.ts';
import type { Labels } from '../api/types/meta.ts';
import type { Cluster } from '../model/cluster.ts';
import { portSetKey, subtractPorts, unionPorts, type PortSet } from '../model/policy/port-set.ts';
import { inRange } from '../model/policy/ranges.ts';
import { changes } from '../model/policy/testing/arbitraries.ts';
import { applyChange, emptyWorld } from '../model/policy/testing/naive-world.ts';
import { formatRange } from '../lib/prefix.ts';
import type { ReachEnd } from './reach/answer.ts';
import { ungivenIn } from './ungiven-namespaces.ts';
import { describeCluster } from './testing/cluster.ts';
import { clusterOf } from './testing/cluster-of-world.ts';
import { rowsOf as allRowsOf, type Row } from './testing/rows.ts';
import { renamedText, renameNamespaces } from './testing/rename.ts';

const settings = { numRuns: 60, seed: 20_261_122 };

function clusterAfter(history: Parameters<typeof applyChange>[1][]): Cluster {
  const world = emptyWorld();
  for (const change of history) applyChange(world, change);
  return clusterOf(world);
}

/** A domain name has a row only as far as it is not open to every address anyway. */
const rowsOf = (cluster: Cluster): Row[] =>
  allRowsOf(cluster, { includeClusterDns: true }).filter(
    ({ destination }) => typeof destination !== 'string' || destination.includes('/'),
  );

const nameOf = (end: ReachEnd): string => (typeof end === 'string' ? end : formatRange(end));
const textOf = ({ source, destination, ports }: Row): string =>
  `${nameOf(source)} => ${nameOf(destination)} : ${portSetKey(ports)}`;

/** Whether the end of one row is, or lies in, that of another. */
function isWithin(end: ReachEnd, wider: ReachEnd): boolean {
  if (typeof end === 'string' || typeof wider === 'string') return end === wider;
  return inRange(wider, end.first);
}

const nothing = (ports: PortSet): boolean => ports !== 'all' && ports.length === 0;

/** The rows of which a port was open and is not any more; of a range, at its first address. */
function removed(before: readonly Row[], after: readonly Row[]): string[] {
  const bySource = Map.groupBy(after, ({ source }) => (typeof source === 'string' ? source : ''));
  return before
    .filter(({ source, destination, ports }) => {
      const still = (bySource.get(typeof source === 'string' ? source : '') ?? [])
        .filter((row) => isWithin(source, row.source) && isWithin(destination, row.destination))
        .reduce<PortSet>((sum, row) => unionPorts(sum, row.ports), []);
      return !nothing(subtractPorts(ports, still));
    })
    .map(textOf);
}

const peers: readonly NetworkPolicyPeer[] = [
  { podSelector: {} },
  { namespaceSelector: {} },
  { ipBlock: { cidr: '10.244.0.0/16', except: ['10.244.0.0/30'] } },
];
const ports: readonly NetworkPolicyPort[] = [
  { port: 80 },
  { port: 'http' },
  { protocol: 'UDP', port: 1, endPort: 9 },
];
const rule: fc.Arbitrary<AllowRule> = fc.record({
  from: fc.subarray([...peers]),
  ports: fc.subarray([...ports]),
});

interface AllowRule {
  readonly from: NetworkPolicyPeer[];
  readonly ports: NetworkPolicyPort[];
}

/** With a rule more in each NetworkPolicy, in the directions in which it isolates already. */
function withRule(cluster: Cluster, { from, ports: open }: AllowRule): Cluster {
  const networkPolicies = [...cluster.networkPolicies].map(([key, policy]) => {
    const { spec } = policy;
    const isEgress = spec.policyTypes?.includes('Egress') ?? (spec.egress ?? []).length > 0;
    const isIngress = spec.policyTypes?.includes('Ingress') ?? true;
    const more = {
      ...(isIngress && { ingress: [...(spec.ingress ?? []), { from, ports: open }] }),
      ...(isEgress && { egress: [...(spec.egress ?? []), { to: from, ports: open }] }),
    };
    return [key, { ...policy, spec: { ...spec, ...more } }] as const;
  });
  return { ...cluster, networkPolicies: new Map(networkPolicies) };
}

/** With a rule more at this place in each policy of the tiers, which accepts. */
function withAccept(cluster: Cluster, { place, isEgress }: { place: number; isEgress: boolean }): Cluster {
  const protocols = [{ tcp: { destinationPort: { range: { start: 1, end: 100 } } } }];
  const from: ClusterNetworkPolicyIngressRule = { action: 'Accept', from: [{ namespaces: {} }], protocols };
  const to: ClusterNetworkPolicyEgressRule = {
    action: 'Accept',
    to: [{ networks: ['10.0.0.0/8'] }],
    protocols,
  };
  const clusterNetworkPolicies = [...cluster.clusterNetworkPolicies].map(([key, policy]) => {
    const { spec } = policy;
    const more = isEgress
      ? { egress: (spec.egress ?? []).toSpliced(place, 0, to) }
      : { ingress: (spec.ingress ?? []).toSpliced(place, 0, from) };
    return [key, { ...policy, spec: { ...spec, ...more } }] as const;
  });
  return { ...cluster, clusterNetworkPolicies: new Map(clusterNetworkPolicies) };
}

test('a rule more that allows never removes a connection, be it of a NetworkPolicy or before any rule of a tier', () => {
  let opened = 0;
  fc.assert(
    fc.property(changes, rule, fc.nat(2), fc.boolean(), (history, more, place, isEgress) => {
      const cluster = clusterAfter(history);
      const before = rowsOf(cluster);
      for (const wider of [withRule(cluster, more), withAccept(cluster, { place, isEgress })]) {
        const after = rowsOf(wider);
        assert.deepEqual(removed(before, after), []);
        opened += removed(after, before).length;
      }
    }),
    settings,
  );
  assert.ok(opened > 20, `${opened} connections more: the test is weak`);
});

test('policies mean the same in whatever order they are told', () => {
  const reversed = <T>(of: ReadonlyMap<string, T>): Map<string, T> => new Map([...of].toReversed());
  fc.assert(
    fc.property(changes, (history) => {
      const cluster = clusterAfter(history);
      const { networkPolicies, clusterNetworkPolicies, pods, namespaces } = cluster;
      const other: Cluster = {
        ...cluster,
        namespaces: reversed(namespaces),
        pods: reversed(pods),
        networkPolicies: reversed(networkPolicies),
        clusterNetworkPolicies: reversed(clusterNetworkPolicies),
      };
      assert.deepEqual(rowsOf(other).map(textOf), rowsOf(cluster).map(textOf));
    }),
    settings,
  );
});

test('who reaches whom in a renamed cluster is the renamed answer', () => {
  fc.assert(
    fc.property(changes, (history) => {
      const cluster = clusterAfter(history);
      const answer = rowsOf(cluster).map((row) => renamedText(textOf(row)));
      assert.deepEqual(rowsOf(renameNamespaces(cluster)).map(textOf), answer);
    }),
    settings,
  );
});

test('what NetworkPolicies of one pod allow adds up: split into a policy for each rule they mean the same', () => {
  fc.assert(
    fc.property(changes, (history) => {
      const cluster = clusterAfter(history);
      const split = [...cluster.networkPolicies].flatMap(([key, policy]) => {
        const { ingress = [], egress = [], ...spec } = policy.spec;
        const types = spec.policyTypes ?? [
          'Ingress' as const,
          ...(egress.length > 0 ? (['Egress'] as const) : []),
        ];
        const parts = [
          {},
          ...ingress.map((one) => ({ ingress: [one] })),
          ...egress.map((one) => ({ egress: [one] })),
        ];
        return parts.map((part, index) => {
          const name = `${policy.metadata.name}-${index}`;
          const whole = { ...policy, metadata: { ...policy.metadata, name } };
          return [`${key}-${index}`, { ...whole, spec: { ...spec, ...part, policyTypes: types } }] as const;
        });
      });
      const other = { ...cluster, networkPolicies: new Map(split) };
      assert.deepEqual(rowsOf(other).map(textOf), rowsOf(cluster).map(textOf));
    }),
    settings,
  );
});

test('what is told where nobody gave the namespaces holds whatever labels they have', () => {
  let depends = 0;
  fc.assert(
    fc.property(changes, (history) => {
      // Of NetworkPolicies: where policies of tiers ask for labels, all is in doubt.
      const cluster = { ...clusterAfter(history), clusterNetworkPolicies: new Map() };
      const namespaces = ['a', 'b', 'c'].map((name) => {
        const own = { 'kubernetes.io/metadata.name': name };
        const { labels = {} } = cluster.namespaces.get(name)?.metadata ?? {};
        return { name, own, labels: { ...labels, ...own } };
      });
      const withLabels = (labelsOf: (one: (typeof namespaces)[number]) => Labels): Cluster => ({
        ...cluster,
        namespaces: describeCluster({
          namespaces: Object.fromEntries(namespaces.map((one) => [one.name, labelsOf(one)])),
        }).namespaces,
      });
      const { bounds, doubts } = ungivenIn(
        withLabels(({ own }) => own),
        new Set(),
      );
      assert.deepEqual(doubts, []);
      if (bounds === undefined) return;
      const [least, most] = [rowsOf(bounds.least), rowsOf(bounds.most)];
      const truth = rowsOf(withLabels(({ labels }) => labels));
      assert.deepEqual(removed(least, truth), []);
      assert.deepEqual(removed(truth, most), []);
      depends += removed(most, least).length;
    }),
    settings,
  );
  assert.ok(depends > 20, `${depends} connections depend on labels: the test is weak`);
});
