import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../api/types/meta.ts';
import { WeftError } from '../lib/errors.ts';
import { defaultNetworkConfig } from '../model/network/config.ts';
import { checkCapacity } from './capacity.ts';

const lab = { nodes: 3, config: { ...defaultNetworkConfig, maxPodsPerNode: 110 } };

function workload(kind: string, spec: object, ports = 1): KubernetesObject {
  const containers = [
    { name: 'c', ports: Array.from({ length: ports }, (_, i) => ({ containerPort: 80 + i })) },
  ];
  const object = { apiVersion: 'apps/v1', kind, metadata: { name: 'app', namespace: 'shop' } };
  return { ...object, spec: { ...spec, template: { spec: { containers } } } } as KubernetesObject;
}

function refusal(objects: KubernetesObject[], openFiles = 20_000): WeftError {
  try {
    checkCapacity(objects, lab, openFiles);
  } catch (error) {
    assert.ok(error instanceof WeftError);
    return error;
  }
  return assert.fail('it was accepted');
}

test('more replicas than the nodes take are refused, naming the limit and who asks', () => {
  const error = refusal([workload('Deployment', { replicas: 10_000 })]);
  assert.deepEqual([error.code, error.fault], ['too-many-pods', 'input']);
  assert.match(
    error.message,
    /10001 pods, 10000 of them by Deployment shop\/app; 3 nodes take 330, 110 each/,
  );
});

test('what fits exactly is accepted, and one more is not', () => {
  const daemons = workload('DaemonSet', {});
  checkCapacity([workload('StatefulSet', { replicas: 326 }), daemons], lab, 20_000);
  assert.equal(refusal([workload('StatefulSet', { replicas: 327 }), daemons]).code, 'too-many-pods');
});

test('too few open files are named with the number that is needed', () => {
  const error = refusal([workload('Deployment', { replicas: 300 }, 5)], 1024);
  assert.deepEqual([error.code, error.fault], ['open-files', 'environment']);
  assert.match(error.message, /301 pods need 2313 open files in one process; this machine allows 1024/);
});
