/**
 * Policies of all tiers, with packets.
 *
 *     node-1, pods 10.244.0.0/24    shop/client, garden/visitor
 *     node-2, pods 10.244.1.0/24    shop/server (TCP 8080 "web", 9090; UDP 5353)
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import type { KubernetesObject } from '../../src/api/types/meta.ts';
import type { ClusterNetworkPolicySpec } from '../../src/api/types/policy.ts';
import { openLabs } from '../../src/cmd/weft/labs.ts';
import { rpcStream } from '../../src/lib/rpc-stream.ts';
import type { Denial, ProbeResult } from '../../src/workload/port.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';
import { eventually } from './flow.ts';
import { namespace, policy, withPortNames } from './objects.ts';

const base = [
  namespace('shop', { team: 'shop' }),
  namespace('garden'),
  podOn('node-1', 'shop/client'),
  podOn('node-1', 'garden/visitor'),
  withPortNames(podOn('node-2', 'shop/server', { ports: [8080, 9090], udp: [5353] }), [
    'web',
    'admin',
    'time',
  ]),
];

const team = { namespaces: { matchLabels: { team: 'shop' } } };
const everyone = { namespaces: {} };

function tiered(
  name: string,
  spec: Omit<ClusterNetworkPolicySpec, 'subject'>,
  annotations: Record<string, string> = {},
): KubernetesObject {
  const object = {
    apiVersion: 'policy.networking.k8s.io/v1alpha2',
    kind: 'ClusterNetworkPolicy',
    metadata: { name, annotations },
    spec: { subject: team, ...spec },
  };
  return object;
}

describe('policies of all tiers', { skip: cannotSendPackets }, () => {
  let lab: TestLab;

  before(async () => {
    lab = await startLab('tiers');
    await lab.apply(base);
  });
  afterEach(() => lab.apply(base));
  after(async () => lab?.down());

  const ask = async (from: string, port: number, protocol: 'TCP' | 'UDP' = 'TCP'): Promise<ProbeResult> => {
    const address = (await lab.pod('shop/server')).status?.podIP ?? '';
    return lab.probe(await lab.netnsOf(from), `${address}:${port}`, { protocol });
  };
  const outcomes = async (from: string, ports: readonly number[]): Promise<string[]> =>
    (await Promise.all(ports.map((port) => ask(from, port)))).map(({ outcome }) => outcome);

  test('Admin denies what a NetworkPolicy allows, Pass leaves it to that, the lower priority comes first', async () => {
    const allowAll = policy('shop/p', { podSelector: {}, ingress: [{}] });
    const denyWeb = tiered('deny-web', {
      tier: 'Admin',
      priority: 5,
      ingress: [{ action: 'Deny', from: [everyone], protocols: [{ destinationNamedPort: 'web' }] }],
    });
    await lab.apply([...base, allowAll, denyWeb]);
    assert.deepEqual(await outcomes('garden/visitor', [8080, 9090]), ['denied', 'answered']);
    assert.deepEqual((await ask('garden/visitor', 8080)).denial?.policies, ['ClusterNetworkPolicy deny-web']);

    const pass = tiered('before', {
      tier: 'Admin',
      priority: 1,
      ingress: [{ action: 'Pass', from: [team] }],
    });
    await lab.apply([...base, allowAll, denyWeb, pass]);
    assert.deepEqual(await outcomes('shop/client', [8080]), ['answered']);
    assert.deepEqual(await outcomes('garden/visitor', [8080]), ['denied']);

    const shut = policy('shop/p', { podSelector: {}, ingress: [] });
    const accept = tiered('accept', {
      tier: 'Admin',
      priority: 2,
      ingress: [
        {
          action: 'Accept',
          from: [everyone],
          protocols: [{ udp: { destinationPort: { number: 5353 } } }],
        },
      ],
    });
    await lab.apply([...base, shut, denyWeb, pass, accept]);
    assert.equal((await ask('garden/visitor', 5353, 'UDP')).outcome, 'answered');
    const passed = await ask('shop/client', 5353, 'UDP');
    assert.deepEqual([passed.outcome, passed.denial?.policies], ['denied', ['shop/p']]);
  });

  test('Baseline decides where no NetworkPolicy selects, and networks are peers of egress', async () => {
    const baseline = tiered('base', {
      tier: 'Baseline',
      priority: 0,
      egress: [
        {
          action: 'Accept',
          to: [{ networks: ['10.244.1.0/24'] }],
          protocols: [{ tcp: { destinationPort: { range: { start: 9000, end: 9090 } } } }],
        },
        { action: 'Deny', to: [{ networks: ['0.0.0.0/0', '::/0'] }] },
      ],
    });
    await lab.apply([...base, baseline]);
    assert.deepEqual(await outcomes('shop/client', [8080, 9090]), ['denied', 'answered']);
    assert.deepEqual(await outcomes('garden/visitor', [8080, 9090]), ['answered', 'answered']);
    const selects = policy('shop/p', { podSelector: {}, policyTypes: ['Egress'], egress: [{}] });
    await lab.apply([...base, baseline, selects]);
    assert.deepEqual(await outcomes('shop/client', [8080, 9090]), ['answered', 'answered']);
  });

  test('an AdminNetworkPolicy means the same', async () => {
    const ports = [{ portNumber: { protocol: 'TCP', port: 8080 } }];
    const admin = {
      apiVersion: 'policy.networking.k8s.io/v1alpha1',
      kind: 'AdminNetworkPolicy',
      metadata: { name: 'older' },
      spec: {
        priority: 3,
        subject: team,
        ingress: [
          { action: 'Allow', from: [team] },
          { action: 'Deny', from: [everyone], ports },
        ],
      },
    };
    await lab.apply([...base, admin]);
    assert.deepEqual(await outcomes('garden/visitor', [8080, 9090]), ['denied', 'answered']);
    assert.deepEqual(await outcomes('shop/client', [8080]), ['answered']);
    assert.deepEqual((await ask('garden/visitor', 8080)).denial?.policies, ['AdminNetworkPolicy older']);
  });

  test('a policy in audit mode tells what it would deny, and denies nothing', async () => {
    const audits: Denial[] = [];
    const end = new AbortController();
    const stream = rpcStream(openLabs().control.paths(lab.name).socket('agents'), '/audits', {
      signal: end.signal,
      onValue: (value: unknown) => audits.push(value as Denial),
    }).catch(() => {});
    const trial = tiered(
      'trial',
      { tier: 'Admin', priority: 1, ingress: [{ action: 'Deny', from: [everyone] }] },
      { 'policy.weft.dev/mode': 'audit' },
    );
    await lab.apply([...base, trial]);
    assert.deepEqual(await outcomes('garden/visitor', [8080]), ['answered']);
    await eventually('an audit', () => audits.length > 0);
    const { direction, pod, policies, destinationPort } = audits[0] ?? {};
    assert.deepEqual(
      { direction, pod, policies, destinationPort },
      {
        direction: 'ingress',
        pod: 'shop/server',
        policies: ['ClusterNetworkPolicy trial'],
        destinationPort: 8080,
      },
    );
    end.abort();
    await stream;
    // Without the annotation it denies what it has told before.
    const { annotations: _, ...metadata } = trial.metadata;
    await lab.apply([...base, { ...trial, metadata }]);
    await eventually('a denial', async () => (await outcomes('garden/visitor', [8080]))[0] !== 'answered');
  });
});
