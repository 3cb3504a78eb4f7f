import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exposuresOf } from './exposure.ts';
import { describeCluster, type ClusterDescription } from './testing/cluster.ts';

const behindNodePort = (policies: ClusterDescription['policies'] = {}): ClusterDescription => ({
  pods: {
    'a/web': { node: 1, of: 'web', labels: { app: 'web' }, ports: [{ containerPort: 8080 }] },
    'a/db': { node: 2, labels: { app: 'db' }, ports: [{ containerPort: 5432 }] },
  },
  services: {
    'a/web': {
      type: 'NodePort',
      ports: [{ port: 80, targetPort: 8080, nodePort: 30_080 }],
      endpoints: ['a/web'],
    },
    'a/db': { ports: [{ port: 5432, targetPort: 5432 }], endpoints: ['a/db'] },
  },
  policies,
});

test('a node port is a way in, by every node, and the pod sees nodes', () => {
  assert.deepEqual(exposuresOf(describeCluster(behindNodePort())), [
    {
      destination: 'a/web[Deployment]',
      service: 'a/web',
      by: 'node port 30080',
      port: 'TCP 8080',
      verdicts: ['allowed'],
      sourcesSeen: ['10.244.2.0', '172.20.1.1'],
    },
  ]);
});

test('where it depends on the node every verdict is told: the own node passes policies', () => {
  const cluster = describeCluster(behindNodePort({ 'a/deny': { podSelector: {} } }));
  assert.deepEqual(
    exposuresOf(cluster).map(({ verdicts, sourcesSeen }) => [verdicts, sourcesSeen]),
    [[['allowed', 'denied'], ['172.20.1.1']]],
  );
});

test('what only pods may ask for is no way in', () => {
  const { pods = {}, services = {} } = behindNodePort();
  const inner = describeCluster({
    pods,
    services: { 'a/db': services['a/db'] ?? { ports: [], endpoints: [] } },
  });
  assert.deepEqual(exposuresOf(inner), []);
});
