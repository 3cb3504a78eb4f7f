import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec } from '../../api/types/network.ts';
import { formatRange } from '../../lib/prefix.ts';
import { compilePolicy, type CompiledPolicy, type CompiledRule } from './compile.ts';
import { formatPorts } from './port-set.ts';

function compile(spec: NetworkPolicySpec): CompiledPolicy {
  return compilePolicy('a/p', {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace: 'a', name: 'p' },
    spec,
  });
}

const types: [NetworkPolicySpec, [ingress: boolean, egress: boolean], string][] = [
  [{}, [true, false], 'ingress, when nothing is said'],
  [{ egress: [{}] }, [true, true], 'both, when there are egress rules'],
  [{ egress: [] }, [true, false], 'ingress, when the egress rules are none'],
  [{ policyTypes: ['Egress'] }, [false, true], 'what is said'],
  [{ policyTypes: ['Egress'], ingress: [{}] }, [false, true], 'what is said, whatever rules there are'],
  [{ policyTypes: ['Ingress'], egress: [{}] }, [true, false], 'ingress only, when that is said'],
];
for (const [spec, expected, rule] of types) {
  test(`a policy isolates for ${rule}: ${JSON.stringify(spec)}`, () => {
    const { ingress, egress } = compile(spec);
    assert.deepEqual([ingress !== undefined, egress !== undefined], expected);
  });
}

function firstRule(from: NetworkPolicyPeer[] | undefined, ports?: NetworkPolicyPort[]): CompiledRule {
  const [rule] =
    compile({
      ingress: [{ ...(from === undefined ? {} : { from }), ...(ports === undefined ? {} : { ports }) }],
    }).ingress ?? [];
  assert.ok(rule);
  return rule;
}

test('no peers, said or unsaid, mean anywhere', () => {
  assert.equal(firstRule(undefined).peers, 'anywhere');
  assert.equal(firstRule([]).peers, 'anywhere');
});

const x = { matchLabels: { app: 'x' } };
const peers: [NetworkPolicyPeer, unknown, string][] = [
  [{ podSelector: x }, { namespaces: { name: 'a' }, pods: x }, 'pods alone are those of the own namespace'],
  [
    { namespaceSelector: x },
    { namespaces: { selector: x }, pods: {} },
    'namespaces alone are all their pods',
  ],
  [{ namespaceSelector: {}, podSelector: x }, { namespaces: { selector: {} }, pods: x }, 'both must hold'],
];
for (const [peer, expected, rule] of peers) {
  test(`peers: ${rule}`, () => {
    const { peers } = firstRule([peer]);
    assert.ok(peers !== 'anywhere');
    assert.deepEqual(
      peers.pods.map(({ namespaces, pods }) => ({ namespaces, pods })),
      [expected],
    );
    assert.deepEqual(peers.ranges, []);
  });
}

test('peers that select the same have one key, and others have others', () => {
  const key = (peer: NetworkPolicyPeer): string | undefined => {
    const { peers } = firstRule([peer]);
    return peers === 'anywhere' ? undefined : peers.pods[0]?.key;
  };
  assert.equal(
    key({ podSelector: x }),
    key({ podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['x'] }] } }),
  );
  assert.equal(key({ namespaceSelector: x }), key({ namespaceSelector: x, podSelector: {} }));
  const keys = [
    { podSelector: x },
    { namespaceSelector: x },
    { namespaceSelector: {}, podSelector: x },
    { podSelector: {} },
  ].map(key);
  assert.equal(new Set(keys).size, keys.length);
});

test('an address block is its ranges, and one that cannot be read is nobody, not anywhere', () => {
  const { peers } = firstRule([{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.128.0.0/9'] } }]);
  assert.ok(peers !== 'anywhere');
  assert.deepEqual(peers.ranges.map(formatRange), ['10.0.0.0/9']);
  assert.deepEqual(firstRule([{ ipBlock: { cidr: 'nonsense' } }]).peers, {
    pods: [],
    ranges: [],
    groups: [],
  });
  assert.deepEqual(firstRule([{}]).peers, { pods: [], ranges: [], groups: [] });
});

const ports: [NetworkPolicyPort[] | undefined, string[], string][] = [
  [undefined, ['all'], 'no ports mean every port'],
  [[], ['all'], 'nor does an empty list'],
  [[{ port: 80 }], ['TCP 80'], 'the protocol is TCP unless said otherwise'],
  [[{ protocol: 'UDP' }], ['UDP 1-65535'], 'a protocol alone is all its ports'],
  [[{ port: 80, endPort: 90 }, { port: 91 }, { port: 85 }], ['TCP 80-91'], 'ranges are merged'],
  [[{ port: 90, endPort: 80 }], [], 'a range that ends before it starts is empty'],
];
for (const [list, expected, rule] of ports) {
  test(`ports: ${rule}`, () =>
    assert.deepEqual(formatPorts(firstRule(undefined, list).ports.numbered), expected));
}

test('names of ports stay names, and open nothing else', () => {
  const rule = firstRule(undefined, [{ port: 'web' }, { protocol: 'UDP', port: 'dns' }]);
  assert.deepEqual(rule.ports, {
    numbered: [],
    named: [
      { protocol: 'TCP', name: 'web' },
      { protocol: 'UDP', name: 'dns' },
    ],
  });
});

test('rules know their place', () => {
  const { ingress, egress } = compile({ ingress: [{}, {}], egress: [{}] });
  assert.deepEqual(
    [...(ingress ?? []), ...(egress ?? [])].map(({ path }) => path),
    ['spec.ingress[0]', 'spec.ingress[1]', 'spec.egress[0]'],
  );
});
