import assert from 'node:assert/strict';
import { test } from 'node:test';
import { folderOf } from '../../cli/testing/terminal.ts';
import { openWorld } from '../../cli/world.ts';
import { describeCluster } from '../testing/cluster.ts';
import { exampleWorkloads } from './examples.ts';
import { lint, type Finding, type LintOptions } from './lint.ts';
import { severities } from './rule.ts';
import { lintRules } from './rules.ts';

const noLab = (): never => {
  throw new Error('there is no lab here');
};

/** What the linter finds in these manifests beside the workloads of the examples. */
async function findingsIn(manifests: string): Promise<readonly Finding[]> {
  using folder = folderOf({ 'workloads.yaml': exampleWorkloads, 'example.yaml': manifests });
  const { cluster, sourceOf } = await openWorld(
    { connect: noLab, openCluster: noLab },
    { file: [folder.path], name: '' },
  );
  const isAsked = (object: { kind: string; key: string }): boolean => sourceOf(object, '') !== undefined;
  return lint(cluster, { sourceOf, isAsked }).findings;
}

const told = (findings: readonly Finding[]): string =>
  findings.map(({ rule, line, message }) => `${rule.id} ${line}: ${message}\n`).join('');

test('ids are given once, in order, and every rule says everything', () => {
  for (const [index, rule] of lintRules.entries()) {
    assert.equal(rule.id, `WL${String(index + 1).padStart(3, '0')}`);
    assert.match(rule.name, /^[a-z]+(-[a-z]+)*$/);
    assert.ok(severities.includes(rule.severity));
    assert.match(rule.title, /^[A-Z].*[^.]$/);
    for (const text of [rule.why, rule.fix]) assert.match(text, /^[A-Z].*\.$/s);
  }
  assert.equal(new Set(lintRules.map(({ name }) => name)).size, lintRules.length);
});

for (const { id, name, example } of lintRules) {
  test(`${id} ${name} finds its mistake, at a line of it`, async () => {
    const findings = (await findingsIn(example.wrong)).filter(({ rule }) => rule.id === id);
    assert.equal(findings.length, 1, told(findings));
    assert.match(findings[0]?.file ?? '', /example\.yaml$/);
    assert.ok((findings[0]?.line ?? 0) >= 1);
  });

  test(`nothing at all is found where ${id} ${name} is put right`, async () => {
    assert.equal(told(await findingsIn(example.right)), '');
  });
}

test('nothing is wrong with the workloads of the examples', async () => {
  assert.equal(told(await findingsIn('')), '');
});

test('a pod that has no address yet is no reason to stop', () => {
  const described = describeCluster({
    pods: { 'a/web': { labels: { app: 'web' }, ports: [{ containerPort: 80 }] }, 'kube-system/dns': {} },
    services: {
      'a/web': {
        type: 'NodePort',
        ports: [{ port: 80, targetPort: 80, nodePort: 30_080 }],
        endpoints: ['a/web'],
      },
      'kube-system/kube-dns': {
        ports: [{ port: 53, protocol: 'UDP', targetPort: 53 }],
        endpoints: ['kube-system/dns'],
      },
    },
    policies: {
      'a/p': { podSelector: {}, policyTypes: ['Egress'], egress: [{ ports: [{ port: 443 }] }] },
    },
  });
  const pods = new Map(
    [...described.pods].map(([key, { apiVersion, kind, metadata, spec }]) => {
      const pod = { apiVersion, kind, metadata, spec };
      return [key, key === 'a/web' ? pod : { ...pod, status: { podIP: '10.244.1.9' } }];
    }),
  );
  const { findings } = lint({ ...described, pods }, { sourceOf: () => undefined });
  assert.deepEqual(
    findings.map(({ rule }) => rule.id),
    ['WL007'],
  );
});

test('what could not be seen puts findings in doubt that are about who is selected, and those only', () => {
  const cluster = describeCluster({
    pods: { 'a/web': { labels: { app: 'web' }, ports: [{ containerPort: 80 }] } },
    policies: {
      'a/nobody': { podSelector: { matchLabels: { app: 'db' } } },
      'a/twice': { podSelector: {}, ingress: [{}, {}] },
    },
  });
  const doubtsWith = (doubts: LintOptions['doubts']): string[] =>
    lint(cluster, { sourceOf: () => undefined, ...(doubts && { doubts }) }).findings.map(
      ({ rule, doubt }) => `${rule.id} ${doubt ?? 'sure'}`,
    );
  assert.deepEqual(doubtsWith(undefined), ['WL001 sure', 'WL018 sure']);
  const unread = { namespace: 'a', why: 'unread' };
  assert.deepEqual(doubtsWith({ undecided: [], unseen: [{ namespace: 'b', why: 'unseen' }] }), [
    'WL001 unseen',
    'WL018 sure',
  ]);
  assert.deepEqual(doubtsWith({ undecided: [unread], unseen: [] }), ['WL001 unread', 'WL018 sure']);
  assert.deepEqual(doubtsWith({ undecided: [{ ...unread, namespace: 'b' }], unseen: [] }), [
    'WL001 sure',
    'WL018 sure',
  ]);
});
