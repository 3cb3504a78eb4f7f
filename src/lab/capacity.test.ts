import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../api/types/meta.ts';
import { WeftError } from '../lib/errors.ts';
import { defaultNetworkConfig } from '../model/network/config.ts';
import { checkCapacity } from './capacity.ts';
import { readMachineLimits, type MachineLimits } from './machine-limits.ts';

const lab = { nodes: 3, config: { ...defaultNetworkConfig, maxPodsPerNode: 110 } };

function workload(kind: string, spec: object, ports = 1): KubernetesObject {
  const containers = [
    { name: 'c', ports: Array.from({ length: ports }, (_, i) => ({ containerPort: 80 + i })) },
  ];
  const object = { apiVersion: 'apps/v1', kind, metadata: { name: 'app', namespace: 'shop' } };
  return { ...object, spec: { ...spec, template: { spec: { containers } } } } as KubernetesObject;
}

const limits: MachineLimits = {
  openFiles: 20_000,
  networkNamespaces: 96_000,
  mounts: 100_000,
  connections: 262_144,
};

function refusal(objects: KubernetesObject[], changed: Partial<MachineLimits> = {}): WeftError {
  try {
    checkCapacity(objects, lab, { ...limits, ...changed });
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
  checkCapacity([workload('StatefulSet', { replicas: 326 }), daemons], lab, limits);
  assert.equal(refusal([workload('StatefulSet', { replicas: 327 }), daemons]).code, 'too-many-pods');
});

test('more nodes than the pod range has blocks are refused, with the range that would do', () => {
  const config = { ...lab.config, podCidrs: ['10.244.0.0/23'] };
  const asked = (nodes: number) => () => checkCapacity([], { nodes, config }, limits);
  asked(2)();
  assert.throws(asked(3), {
    code: 'pod-range-too-small',
    fault: 'input',
    message:
      /^1 block is missing: podCIDR 10\.244\.0\.0\/23 has 2, .* there are 3 nodes; .* podCIDR 10\.244\.0\.0\/22,/,
  });
});

const machineLimits = [
  [{ openFiles: 1024 }, /need 2313 open files in one process; .* allows 1024/, /ulimit -Hn 2313/],
  [{ networkNamespaces: 300 }, /need 320 network namespaces/, /user\.max_net_namespaces=320/],
  [{ mounts: 319 }, /need 320 mounts/, /fs\.mount-max/],
  [{ connections: 39_551 }, /need 39552 tracked connections/, /nf_conntrack_max=39552/],
] as const;

for (const [changed, message, hint] of machineLimits) {
  test(`a machine whose limit is too low is told which, and how to raise it: ${Object.keys(changed).join()}`, () => {
    const error = refusal([workload('Deployment', { replicas: 300 }, 5)], changed);
    assert.deepEqual([error.code, error.fault], ['machine-limit', 'environment']);
    assert.match(error.message, message);
    assert.match(error.hint ?? '', hint);
  });
}

test('the limits of this machine are numbers', () => {
  for (const [name, limit] of Object.entries(readMachineLimits())) assert.ok(limit > 0, name);
});
