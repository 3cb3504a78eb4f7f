import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { KubernetesObject } from '../../../src/api/types/meta.ts';
import { validateObject } from '../../../src/api/validate/validate.ts';
import { evaluate } from '../evaluator/evaluate.ts';
import { clusters, generateCluster, smallCluster } from './cluster.ts';
import { placeCluster } from './place.ts';
import { questionsOf } from './questions.ts';

const seeds = Array.from({ length: 150 }, (_, seed) => seed);

test('a seed gives the same cluster each time, and another seed another one', () => {
  assert.deepEqual(generateCluster(7), generateCluster(7));
  assert.notDeepEqual(generateCluster(7), generateCluster(8));
});

test('every object is one that the API takes, as generated and as placed', () => {
  fc.assert(
    fc.property(clusters(), (cluster) => {
      for (const object of [...cluster, ...placeCluster(cluster)]) {
        assert.deepEqual(validateObject(object), [], JSON.stringify(object));
      }
    }),
    { numRuns: 40 },
  );
});

test('clusters have the size asked for, and no two objects of a kind the same name', () => {
  for (const seed of seeds) {
    const cluster = generateCluster(seed);
    const count = (kind: string): number => cluster.filter((object) => object.kind === kind).length;
    const within = (size: readonly [number, number], kind: string): void =>
      assert.ok(count(kind) >= size[0] && count(kind) <= size[1], `${count(kind)} ${kind} of seed ${seed}`);
    within(smallCluster.namespaces, 'Namespace');
    within(smallCluster.pods, 'Pod');
    within(smallCluster.services, 'Service');
    within(smallCluster.policies, 'NetworkPolicy');
    const tiered = cluster.filter(({ apiVersion }) => apiVersion.startsWith('policy.networking.k8s.io/'));
    assert.ok(tiered.length <= smallCluster.clusterPolicies[1]);
    const names = cluster.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    assert.equal(new Set(names).size, names.length);
  }
});

/** What the differential test is for must occur: each text is looked for in the objects of all seeds. */
const features = [
  '"hostNetwork":true',
  '"clusterIP":"None"',
  '"type":"NodePort"',
  '"type":"ClusterIP"',
  '"type":"LoadBalancer"',
  '"externalTrafficPolicy":"Local"',
  '"internalTrafficPolicy":"Local"',
  '"trafficDistribution":"PreferSameNode"',
  '"sessionAffinity":"ClientIP"',
  '"kind":"EndpointSlice"',
  '"conditions":{"ready":false}',
  '"restartPolicy":"Always"',
  '"initContainers":[{"name":"first","image":"none","ports"',
  '"app":"none"',
  '"targetPort":"http"',
  '"targetPort":80',
  '"containerPort":53,"name":"dns","protocol":"UDP"',
  '"operator":"In"',
  '"operator":"NotIn"',
  '"operator":"Exists"',
  '"operator":"DoesNotExist"',
  '"podSelector":{}',
  '"namespaceSelector":{}',
  '"except":',
  '"cidr":"172.20.0.0/16"',
  '"cidr":"0.0.0.0/0"',
  '"cidr":"2001:db8::/32"',
  '"protocol":"SCTP"',
  '"endPort":',
  '"port":"metrics"',
  '{"protocol":"UDP"}',
  '"ingress":[]',
  '"egress":[]',
  '"from":[]',
  '[{}]',
  '"policyTypes":["Egress"]',
  '"policyTypes":["Ingress","Egress"]',
  '"kind":"ClusterNetworkPolicy"',
  '"kind":"AdminNetworkPolicy"',
  '"kind":"BaselineAdminNetworkPolicy"',
  '"tier":"Baseline"',
  '"action":"Pass"',
  '"action":"Accept"',
  '"action":"Allow"',
  '"action":"Deny"',
  '"networks":',
  '"nodes":{}',
  '"destinationNamedPort":',
  '"sctp":{"destinationPort":',
  '"portRange":',
  '"policy.weft.dev/mode":"audit"',
];

test('everything that policies, Services and pods can say is said by some cluster', () => {
  const texts = seeds.map((seed) => JSON.stringify(generateCluster(seed)));
  for (const feature of features)
    assert.ok(
      texts.some((text) => text.includes(feature)),
      feature,
    );
  assert.ok(texts.some((text) => /"podSelector":\{[^{}]*\},"namespaceSelector":/.test(text)));
});

/** Verdicts, and the sorts of source addresses, of all questions of a cluster. */
function outcomesOf(objects: readonly KubernetesObject[]): Set<string> {
  const seen = new Set<string>();
  for (const question of questionsOf(objects)) {
    for (const outcome of evaluate(objects, question)) {
      seen.add(outcome.verdict);
      if (outcome.verdict !== 'allowed') continue;
      if (outcome.sourceSeen.startsWith('172.20.')) seen.add('from a node');
      else if (/^10\.244\.\d\.0$/.test(outcome.sourceSeen)) seen.add('from a tunnel');
      else if (outcome.sourceSeen.startsWith('10.244.')) seen.add('from a pod');
      else seen.add('from outside');
    }
  }
  return seen;
}

test('every question of a cluster has an answer, and the clusters together have every sort of it', () => {
  const seen = new Set(
    seeds.slice(0, 12).flatMap((seed) => [...outcomesOf(placeCluster(generateCluster(seed)))]),
  );
  assert.deepEqual(
    seen,
    new Set([
      'allowed',
      'denied',
      'refused',
      'rejected',
      'unreachable',
      'from a node',
      'from a tunnel',
      'from a pod',
      'from outside',
    ]),
  );
});
