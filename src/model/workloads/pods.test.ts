import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import type { DaemonSet, Job, StatefulSet } from '../../api/types/apps.ts';
import { contentHash, generatedName } from './names.ts';
import { daemonPodOf, isDaemonNode, jobParallelism, ordinalOf, replicaPodOf, statefulPodOf } from './pods.ts';
import { replicaSetOf, templateHashLabel } from './replica-set.ts';
import { victimsOf } from './scale-down.ts';
import { makeDeployment, makeNode, makePod, makeTemplate } from './testing.ts';
import { workloadOf } from './workload-of.ts';

const statefulSet: StatefulSet = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'db', namespace: 'shop', uid: 'uid-db' },
  spec: { replicas: 2, serviceName: 'db-hosts', selector: {}, template: makeTemplate({ app: 'db' }) },
};

describe('the pods of workloads', () => {
  it('of a ReplicaSet have its labels, its reference and names of their own', () => {
    const set = replicaSetOf(makeDeployment('web'), { replicas: 3, revision: 1 });
    const pod = replicaPodOf({ ...set, metadata: { ...set.metadata, uid: 'uid-set' } }, 0);
    assert.match(pod.metadata.name, /^web-[a-z0-9]{10}-[a-z0-9]{5}$/);
    assert.equal(pod.metadata.namespace, 'shop');
    assert.deepEqual(pod.metadata.labels, {
      app: 'web',
      [templateHashLabel]: set.metadata.labels?.[templateHashLabel],
    });
    assert.equal(pod.metadata.ownerReferences?.[0]?.uid, 'uid-set');
    const names = new Set(Array.from({ length: 200 }, (_, i) => replicaPodOf(set, i).metadata.name));
    assert.ok(names.size >= 199, 'names hardly ever collide');
  });

  it('of a StatefulSet have their ordinal as name and host, in the domain of its Service', () => {
    const pod = statefulPodOf(statefulSet, 1);
    assert.equal(pod.metadata.name, 'db-1');
    assert.deepEqual([pod.spec.hostname, pod.spec.subdomain], ['db-1', 'db-hosts']);
    assert.equal(pod.metadata.labels?.['statefulset.kubernetes.io/pod-name'], 'db-1');
    assert.equal(ordinalOf(statefulSet, 'db-1'), 1);
    for (const name of ['db-01', 'db-', 'other-1', 'db-1-2'])
      assert.equal(ordinalOf(statefulSet, name), undefined);
  });

  it('of a DaemonSet are bound to their node, one on each that its selector matches', () => {
    const template = makeTemplate({ app: 'agent' });
    const set: DaemonSet = {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'agent', namespace: 'kube-system' },
      spec: {
        selector: {},
        template: { ...template, spec: { ...template.spec, nodeSelector: { disk: 'fast' } } },
      },
    };
    assert.equal(daemonPodOf(set, 'node-1').spec.nodeName, 'node-1');
    assert.ok(
      isDaemonNode(set, makeNode('node-1', { labels: { disk: 'fast' }, cordoned: true, ready: false })),
    );
    assert.ok(!isDaemonNode(set, makeNode('node-1')));
  });

  it('of a Job are never more than are to complete', () => {
    const job = (spec: Partial<Job['spec']>): Job => ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'j' },
      spec: { template: makeTemplate({}), ...spec },
    });
    assert.equal(jobParallelism(job({})), 1);
    assert.equal(jobParallelism(job({ parallelism: 5, completions: 3 })), 3);
    assert.equal(jobParallelism(job({ parallelism: 5 })), 5);
    assert.equal(jobParallelism(job({ parallelism: 5, suspend: true })), 0);
  });

  it('go in this order when there are too many: unbound, not ready, youngest', () => {
    const made = (
      name: string,
      second: number,
      options: Parameters<typeof makePod>[1],
    ): ReturnType<typeof makePod> => {
      const pod = makePod(name, options);
      return { ...pod, metadata: { ...pod.metadata, creationTimestamp: `2026-01-01T00:00:0${second}Z` } };
    };
    const pods = [
      made('old', 1, {}),
      made('young', 2, {}),
      made('unready', 1, { ready: false }),
      made('unbound', 1, { node: '', ready: false }),
    ];
    assert.deepEqual(
      victimsOf(pods, 3).map(({ metadata }) => metadata.name),
      ['unbound', 'unready', 'young'],
    );
  });
});

describe('the workload of a pod', () => {
  const set = replicaSetOf(makeDeployment('web'), { replicas: 1, revision: 1 });

  it('is the Deployment above its ReplicaSet, whether or not the ReplicaSet is known', () => {
    const pod = replicaPodOf(set, 0);
    const web = { namespace: 'shop', kind: 'Deployment', name: 'web' };
    assert.deepEqual(workloadOf(pod), web);
    assert.deepEqual(
      workloadOf(pod, () => set),
      web,
    );
  });

  it('is a ReplicaSet that stands alone, another controller, or the pod itself', () => {
    const { ownerReferences, ...metadata } = set.metadata;
    assert.equal(ownerReferences?.length, 1);
    const alone = { ...set, metadata: { ...metadata, name: 'alone' } };
    assert.deepEqual(
      workloadOf(replicaPodOf(alone, 0), () => alone),
      { namespace: 'shop', kind: 'ReplicaSet', name: 'alone' },
    );
    assert.deepEqual(workloadOf(statefulPodOf(statefulSet, 0)), {
      namespace: 'shop',
      kind: 'StatefulSet',
      name: 'db',
    });
    assert.deepEqual(workloadOf(makePod('a')), { namespace: 'shop', kind: 'Pod', name: 'a' });
  });
});

describe('generated names', () => {
  it('hash content whatever the order of its fields, and differently when it differs', () => {
    assert.equal(contentHash({ a: 1, b: { c: [1, 2] } }), contentHash({ b: { c: [1, 2] }, a: 1 }));
    assert.notEqual(contentHash({ a: [1, 2] }), contentHash({ a: [2, 1] }));
    assert.match(contentHash({}), /^[a-z0-9]{10}$/);
  });

  it('fit into a label and are valid names, however long the stem', () => {
    const stem = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,80}[a-z0-9])?$/);
    fc.assert(
      fc.property(stem, fc.string(), (stem, seed) => {
        assert.match(generatedName(stem, seed), /^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$/);
      }),
    );
  });
});
