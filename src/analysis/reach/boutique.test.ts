import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import type { Deployment } from '../../api/types/apps.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import type { NetworkPolicy } from '../../api/types/network.ts';
import { describeCluster, type ClusterDescription } from '../testing/cluster.ts';
import { reach } from './reach.ts';

const folder = fileURLToPath(new URL('../../../../shared/manifests/online-boutique/', import.meta.url));
const skip = existsSync(folder) ? false : 'the Online Boutique manifests are not beside the repository';

function load(path: string): KubernetesObject[] {
  return parseAllDocuments(readFileSync(folder + path, 'utf8')).flatMap((document) => {
    const object = document.toJS() as KubernetesObject | null;
    return object === null ? [] : [object];
  });
}

/** One pod per Deployment, all on one node: policies look at neither. */
function boutique(options: { withPolicies: boolean }): ReturnType<typeof describeCluster> {
  const deployments = load('kubernetes-manifests.yaml').filter(
    ({ kind }) => kind === 'Deployment',
  ) as Deployment[];
  const pods: NonNullable<ClusterDescription['pods']> = Object.fromEntries(
    deployments.map(({ metadata, spec: { template } }) => [
      `default/${metadata.name}`,
      {
        of: metadata.name,
        labels: template.metadata?.labels ?? {},
        ports: template.spec.containers.flatMap(({ ports }) => ports ?? []),
      },
    ]),
  );
  const files = options.withPolicies ? readdirSync(`${folder}network-policies`) : [];
  const policies = files.flatMap((file) => load(`network-policies/${file}`)) as NetworkPolicy[];
  return describeCluster({
    pods,
    policies: Object.fromEntries(policies.map(({ metadata, spec }) => [`default/${metadata.name}`, spec])),
  });
}

/** Read off the manifests by hand: who may ask whom besides the frontend, which everybody may. */
const inside: Record<string, string> = {
  'frontend adservice': 'TCP 9555',
  'frontend cartservice': 'TCP 7070',
  'frontend checkoutservice': 'TCP 5050',
  'frontend currencyservice': 'TCP 7000',
  'frontend productcatalogservice': 'TCP 3550',
  'frontend recommendationservice': 'TCP 8080',
  'frontend shippingservice': 'TCP 50051',
  'checkoutservice cartservice': 'TCP 7070',
  'checkoutservice currencyservice': 'TCP 7000',
  'checkoutservice emailservice': 'TCP 8080',
  'checkoutservice paymentservice': 'TCP 50051',
  'checkoutservice productcatalogservice': 'TCP 3550',
  'checkoutservice shippingservice': 'TCP 50051',
  'recommendationservice productcatalogservice': 'TCP 3550',
  'cartservice redis-cart': 'TCP 6379',
};

test('the Online Boutique reaches what its policies say, read by hand', { skip }, () => {
  const { connections, unknown, summary } = reach(boutique({ withPolicies: true }));
  const short = (name: string): string => name.replace(/^default\/(.*)\[Deployment\]$/, '$1');
  const rows = connections.map(
    ({ source, destination, ports }) => `${short(source)} ${short(destination)} ${ports.join()}`,
  );
  const others = Object.keys(inside)
    .flatMap((pair) => pair.split(' '))
    .concat('loadgenerator');
  const names = [...new Set(others)];
  assert.equal(names.length, 12);
  const expected = [
    ...Object.entries(inside).map(([pair, ports]) => `${pair} ${ports}`),
    ...names.filter((name) => name !== 'frontend').map((name) => `${name} frontend all`),
    ...names.map((name) => `${name} 0.0.0.0/0 all`),
    '0.0.0.0/0 frontend all',
  ];
  assert.deepEqual(rows.toSorted(), expected.toSorted());
  assert.deepEqual(unknown, []);
  assert.deepEqual(summary, { ends: 12, pods: 12, policies: 13, connections: expected.length, unknown: 0 });
});

test('without its policies everybody in the Online Boutique reaches everybody', { skip }, () => {
  const { connections } = reach(boutique({ withPolicies: false }));
  assert.equal(connections.length, 12 * 11 + 12 + 12);
  assert.ok(connections.every(({ ports }) => ports.join() === 'all'));
});
