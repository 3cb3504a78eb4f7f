import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, PodSpec } from '../../api/types/core.ts';
import type { PodFacts } from '../policy/port.ts';
import { identityOf } from './identity.ts';
import { podFacts } from './pod-facts.ts';

const facts: PodFacts = {
  namespace: 'a',
  labels: { app: 'x', tier: 'y' },
  namedPorts: [
    { name: 'web', protocol: 'TCP', port: 80 },
    { name: 'dns', protocol: 'UDP', port: 53 },
  ],
};

test('the order of labels and ports does not make another identity', () => {
  const turned = { ...facts, labels: { tier: 'y', app: 'x' }, namedPorts: facts.namedPorts.toReversed() };
  assert.equal(identityOf(turned), identityOf(facts));
});

const others: [PodFacts, string][] = [
  [{ ...facts, namespace: 'b' }, 'namespace'],
  [{ ...facts, labels: { app: 'x' } }, 'labels'],
  [{ ...facts, labels: { app: 'x', tier: 'z' } }, 'value of a label'],
  [{ ...facts, labels: { 'app","x': 'tier', y: '' } }, 'labels with quotes in them'],
  [{ ...facts, namedPorts: facts.namedPorts.slice(1) }, 'named ports'],
  [
    { ...facts, namedPorts: facts.namedPorts.map((port) => ({ ...port, port: 1 })) },
    'number of a named port',
  ],
];
for (const [other, what] of others) {
  test(`another ${what} is another identity`, () => assert.notEqual(identityOf(other), identityOf(facts)));
}

const pod = (spec: PodSpec): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'a', name: 'p', labels: { app: 'x' } },
  spec,
});

test('the facts of a pod are its namespace, labels and the named ports of all that keeps running', () => {
  const spec: PodSpec = {
    containers: [
      { name: 'one', ports: [{ name: 'web', containerPort: 80 }, { containerPort: 81 }] },
      {
        name: 'two',
        ports: [
          { name: 'web', containerPort: 82 },
          { name: 'web', containerPort: 83, protocol: 'UDP' },
        ],
      },
    ],
    initContainers: [
      { name: 'init', ports: [{ name: 'early', containerPort: 84 }] },
      { name: 'sidecar', restartPolicy: 'Always', ports: [{ name: 'metrics', containerPort: 85 }] },
    ],
  };
  assert.deepEqual(podFacts(pod(spec)), {
    namespace: 'a',
    labels: { app: 'x' },
    namedPorts: [
      { name: 'web', protocol: 'TCP', port: 80 },
      { name: 'web', protocol: 'UDP', port: 83 },
      { name: 'metrics', protocol: 'TCP', port: 85 },
    ],
  });
});

test('a pod on the host network has no facts', () => {
  assert.equal(podFacts(pod({ containers: [], hostNetwork: true })), undefined);
});
