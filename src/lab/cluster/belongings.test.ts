import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resources, type Resource } from '../../api/resources.ts';
import { servedResources } from '../../api/served.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import { marked } from '../../client/marked-client.ts';
import { belongingsOf, labMark, nameOfBelonging, turnOf, type Belonging, type Gone } from './belongings.ts';

const mark = labMark('lab@here');
const fresh = (): Gone => ({ uids: new Set(), nodes: new Set(), namespaces: new Set() });

function one(resource: Resource, key: string, rest: object = {}): Belonging {
  const [name = '', namespace] = key.split('/').toReversed();
  const metadata = { name, uid: `uid-${key}`, ...(namespace !== undefined && { namespace }) };
  const object = { apiVersion: 'v1', kind: resource.kind, metadata, ...rest } as KubernetesObject;
  return { resource, object: { ...object, metadata: { ...metadata, ...object.metadata } } };
}

const ofLab = ({ resource, object }: Belonging): Belonging => ({ resource, object: marked(object, mark) });

const ownedBy = (belonging: Belonging, ...owners: string[]): Belonging => {
  const ownerReferences = owners.map((key) => ({
    apiVersion: 'v1',
    kind: 'Any',
    name: key,
    uid: `uid-${key}`,
  }));
  const { resource, object } = belonging;
  return { resource, object: { ...object, metadata: { ...object.metadata, ownerReferences } } };
};

const namesOf = (found: readonly Belonging[]): string[] => found.map(nameOfBelonging).toSorted();

test("what has a lab's mark is the lab's, and what has another's is not", () => {
  const theirs = marked(one(resources.pods, 'a/theirs', { spec: {} }).object, labMark('lab@there'));
  const all = [
    ofLab(one(resources.services, 'a/web')),
    one(resources.services, 'a/other'),
    { resource: resources.pods, object: theirs },
  ];
  assert.deepEqual(namesOf(belongingsOf(all, mark, fresh())), ['Service a/web']);
});

test('what is owned by these alone goes with them, however far down, and in whatever order it is found', () => {
  const all = [
    ownedBy(one(resources.pods, 'a/pod', { spec: {} }), 'a/set'),
    ownedBy(one(resources.replicasets, 'a/set'), 'a/deployment'),
    ofLab(one(resources.deployments, 'a/deployment')),
    one(resources.deployments, 'a/another'),
    ownedBy(one(resources.configmaps, 'a/shared'), 'a/deployment', 'a/another'),
    ownedBy(one(resources.configmaps, 'a/left'), 'a/deployment', 'a/gone-long-ago'),
  ];
  assert.deepEqual(namesOf(belongingsOf(all, mark, fresh())), [
    'ConfigMap a/left',
    'Deployment a/deployment',
    'Pod a/pod',
    'ReplicaSet a/set',
  ]);
});

test('what belonged to something that went in an earlier look is still known', () => {
  const gone = fresh();
  belongingsOf([ofLab(one(resources.deployments, 'a/deployment'))], mark, gone);
  const orphan = ownedBy(one(resources.replicasets, 'a/set'), 'a/deployment');
  assert.deepEqual(namesOf(belongingsOf([orphan], mark, gone)), ['ReplicaSet a/set']);
});

test("everything in a lab's namespaces, on its nodes and told about its objects is the lab's", () => {
  const lease = servedResources.find(({ kind }) => kind === 'Lease');
  assert.ok(lease);
  const all = [
    one(resources.secrets, 'shop/made-by-hand'),
    ofLab(one(resources.namespaces, 'shop')),
    ofLab(one(resources.nodes, 'node-1')),
    one(resources.pods, 'other/daemon', { spec: { nodeName: 'node-1' } }),
    one(resources.pods, 'other/elsewhere', { spec: { nodeName: 'node-9' } }),
    one(lease, 'kube-node-lease/node-1'),
    one(lease, 'other/node-1'),
    one(resources.events, 'default/told', { involvedObject: { kind: 'Node', name: 'n', uid: 'uid-node-1' } }),
    one(resources.events, 'default/else', { involvedObject: { kind: 'Node', name: 'n', uid: 'uid-node-9' } }),
  ];
  assert.deepEqual(namesOf(belongingsOf(all, mark, fresh())), [
    'Event default/told',
    'Lease kube-node-lease/node-1',
    'Namespace shop',
    'Node node-1',
    'Pod other/daemon',
    'Secret shop/made-by-hand',
  ]);
});

test('who would make things again goes first, definitions last', () => {
  const turns = [
    resources.customresourcedefinitions,
    resources.namespaces,
    resources.pods,
    resources.deployments,
  ].map((resource) => turnOf(one(resource, 'x')));
  assert.deepEqual(
    turns,
    turns.toSorted((a, b) => b - a),
  );
  assert.equal(new Set(turns).size, 4);
});
