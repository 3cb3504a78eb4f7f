import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Service } from '../../api/types/core.ts';
import { servicePort } from './fixtures.ts';
import { healthCheckPort, readyOnNode } from './health-check.ts';

const local: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default' },
  spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 31_000 },
};

test('only a load balancer that keeps traffic on its node has a health check', () => {
  assert.equal(healthCheckPort(local), 31_000);
  for (const spec of [
    { externalTrafficPolicy: 'Cluster' },
    { type: 'NodePort' },
    { healthCheckNodePort: 0 },
  ]) {
    assert.equal(
      healthCheckPort({ ...local, spec: { ...local.spec, ...spec } as Service['spec'] }),
      undefined,
    );
  }
  const labels = { 'service.kubernetes.io/service-proxy-name': 'other' };
  assert.equal(healthCheckPort({ ...local, metadata: { ...local.metadata, labels } }), undefined);
});

test('a ready endpoint of the node counts once; one that terminates, or is elsewhere, does not', () => {
  const at = (address: string, port: number, nodeName = 'node-1') => ({
    address,
    port,
    nodeName,
    pod: undefined,
  });
  const ports = [
    servicePort({ endpoints: [at('10.244.0.1', 80), at('10.244.0.2', 80), at('10.244.1.1', 80, 'node-2')] }),
    servicePort({ port: 81, endpoints: [at('10.244.0.1', 81)] }),
    servicePort({ port: 82, endpoints: [{ ...at('10.244.0.3', 82), isTerminating: true }] }),
  ];
  assert.equal(readyOnNode(ports, 'IPv4', 'node-1'), 2);
  assert.equal(readyOnNode(ports, 'IPv4', 'node-3'), 0);
  assert.equal(readyOnNode(ports, 'IPv6', 'node-1'), 0);
});
