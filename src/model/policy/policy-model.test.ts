import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Labels } from '../../api/types/meta.ts';
import type { NetworkPolicy, NetworkPolicySpec } from '../../api/types/network.ts';
import { createPolicyModel } from './policy-model.ts';
import type { NamedPort, PodFacts, PolicyModel } from './port.ts';

const policy = (spec: NetworkPolicySpec): NetworkPolicy => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { namespace: 'a', name: 'p' },
  spec,
});
const facts = (labels: Labels, namedPorts: NamedPort[] = []): PodFacts => ({
  namespace: 'a',
  labels,
  namedPorts,
});
const app = (name: string): { podSelector: { matchLabels: Labels } } => ({
  podSelector: { matchLabels: { app: name } },
});
const web = (port: number): NamedPort => ({ name: 'web', protocol: 'TCP', port });

/** Pods `a/x` and `a/y`, and a policy that lets `y` into `x`. */
function model(): PolicyModel {
  const model = createPolicyModel();
  model.setPod('a/x', facts({ app: 'x' }));
  model.setPod('a/y', facts({ app: 'y' }));
  model.setPolicy('a/p', policy({ ...app('x'), ingress: [{ from: [app('y')], ports: [{ port: 80 }] }] }));
  model.takeChanges();
  return model;
}

const changed = (model: PolicyModel): [classes: string[], policies: string[]] => {
  const { classes, policies } = model.takeChanges();
  return [[...classes].sort(), [...policies].sort()];
};

test('a pod of a known identity changes nobody else, and a pod nobody looks at changes nothing', () => {
  const one = model();
  one.setPod('a/y2', facts({ app: 'y' }));
  assert.equal(one.classOf('a/y2'), one.classOf('a/y'));
  assert.deepEqual(changed(one), [['a/y2'], []]);
  one.setPod('a/z', facts({ app: 'z' }));
  assert.deepEqual(changed(one), [[], []]);
  one.setPod('a/y2', undefined);
  assert.deepEqual(changed(one), [['a/y2'], []]);
});

test('labels that no selector asks for change nothing', () => {
  const one = model();
  const before = one.policyOf('a/x');
  one.setPod('a/x', facts({ app: 'x', hash: '1' }));
  one.setPod('a/y', facts({ app: 'y', hash: '1' }));
  assert.deepEqual(changed(one), [[], []]);
  assert.equal(one.policyOf('a/x'), before);
});

test('a new selector that does not tell the members of a class apart leaves them their number', () => {
  const one = model();
  one.setPod('a/y2', facts({ app: 'y', canary: 'yes' }));
  one.takeChanges();
  const number = one.classOf('a/y');
  one.setPolicy(
    'a/q',
    policy({
      ...app('z'),
      ingress: [
        {
          from: [{ podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['y', 'w'] }] } }],
        },
      ],
    }),
  );
  assert.deepEqual(changed(one), [[], []]);
  assert.deepEqual([one.classOf('a/y'), one.classOf('a/y2')], [number, number]);
  one.setPolicy(
    'a/r',
    policy({ ...app('z'), ingress: [{ from: [{ podSelector: { matchLabels: { canary: 'yes' } } }] }] }),
  );
  assert.deepEqual(changed(one), [['a/y2'], ['a/x']]);
  assert.equal(one.classOf('a/y'), number);
});

test('the number of a class that is gone is not given to another', () => {
  const one = model();
  const number = one.classOf('a/y');
  one.setPolicy('a/p', undefined);
  assert.equal(one.classOf('a/y'), 0);
  one.setPolicy('a/p', policy({ ...app('y'), ingress: [{ from: [app('x')] }] }));
  assert.notEqual(one.classOf('a/x'), number);
});

test('a policy set again as it was changes nothing', () => {
  const one = model();
  const before = one.policyOf('a/x');
  one.setPolicy('a/p', policy({ ...app('x'), ingress: [{ from: [app('y')], ports: [{ port: 80 }] }] }));
  assert.deepEqual(changed(one), [[], []]);
  assert.equal(one.policyOf('a/x'), before);
});

test('an ingress rule resolves port names at the pod that receives, an egress rule at each pod that it reaches', () => {
  const one = createPolicyModel();
  one.setPod('a/x', facts({ app: 'x' }, [web(80)]));
  one.setPod('a/x2', facts({ app: 'x' }, [web(8080)]));
  one.setPod('a/y', facts({ app: 'y' }, [web(1)]));
  one.setPolicy('a/p', policy({ ...app('x'), ingress: [{ from: [app('y')], ports: [{ port: 'web' }] }] }));
  one.setPolicy(
    'a/q',
    policy({ ...app('y'), policyTypes: ['Egress'], egress: [{ ports: [{ port: 'web' }] }] }),
  );
  const allows = (direction: 'ingress' | 'egress', pod: string, peer: string): number[] =>
    [1, 80, 8080].filter(
      (port) =>
        one.decide({ direction, pod, peer: { pod: peer }, protocol: 'TCP', port }).verdict === 'allowed',
    );
  assert.deepEqual(allows('ingress', 'a/x', 'a/y'), [80]);
  assert.deepEqual(allows('ingress', 'a/x2', 'a/y'), [8080]);
  assert.deepEqual(allows('egress', 'a/y', 'a/x'), [80]);
  assert.deepEqual(allows('egress', 'a/y', 'a/x2'), [8080]);
  assert.notEqual(one.classOf('a/x'), one.classOf('a/x2'));
});

test('a namespace that was never set has its name as its only label', () => {
  const one = createPolicyModel();
  const bySelector = (namespaceSelector: Labels): NetworkPolicy =>
    policy({ ...app('x'), ingress: [{ from: [{ namespaceSelector: { matchLabels: namespaceSelector } }] }] });
  one.setPod('a/x', facts({ app: 'x' }));
  one.setPod('b/y', { namespace: 'b', labels: {}, namedPorts: [] });
  one.setPolicy('a/p', bySelector({ 'kubernetes.io/metadata.name': 'b' }));
  assert.notEqual(one.classOf('b/y'), 0);
  one.setPolicy('a/p', bySelector({ team: 'b' }));
  assert.equal(one.classOf('b/y'), 0);
  one.takeChanges();
  one.setNamespace('b', { team: 'b' });
  assert.notEqual(one.classOf('b/y'), 0);
  assert.deepEqual(changed(one), [['b/y'], ['a/x']]);
});

test('a decision names who isolates and every rule that allows', () => {
  const one = model();
  one.setPolicy('a/deny', policy({ podSelector: {} }));
  one.setPolicy(
    'a/q',
    policy({ ...app('x'), ingress: [{ from: [app('z')] }, { ports: [{ port: 79, endPort: 81 }] }] }),
  );
  const question = {
    direction: 'ingress',
    pod: 'a/x',
    peer: { pod: 'a/y' },
    protocol: 'TCP',
    port: 80,
  } as const;
  assert.deepEqual(one.decide(question), {
    verdict: 'allowed',
    isolatedBy: ['a/deny', 'a/p', 'a/q'],
    allowedBy: [
      { policy: 'a/p', rule: 'spec.ingress[0]' },
      { policy: 'a/q', rule: 'spec.ingress[1]' },
    ],
    steps: [
      {
        tier: 'NetworkPolicy',
        action: 'Accept',
        rules: [
          { kind: 'NetworkPolicy', policy: 'a/p', rule: 'spec.ingress[0]' },
          { kind: 'NetworkPolicy', policy: 'a/q', rule: 'spec.ingress[1]' },
        ],
      },
    ],
  });
  assert.deepEqual(one.decide({ ...question, port: 90 }), {
    verdict: 'denied',
    isolatedBy: ['a/deny', 'a/p', 'a/q'],
    allowedBy: [],
    steps: [
      {
        tier: 'NetworkPolicy',
        action: 'Deny',
        rules: ['a/deny', 'a/p', 'a/q'].map((name) => ({
          kind: 'NetworkPolicy',
          policy: name,
          rule: 'spec.podSelector',
        })),
      },
    ],
  });
  assert.deepEqual(one.decide({ ...question, direction: 'egress' }), {
    verdict: 'allowed',
    isolatedBy: [],
    allowedBy: [],
    steps: [],
  });
  assert.equal(one.decide({ ...question, pod: 'a/unknown' }).verdict, 'allowed');
});
