import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cluster } from '../../model/cluster.ts';
import type { Flow } from '../flow.ts';
import { predict } from '../predict/predict.ts';
import { describeCluster, type ClusterDescription } from '../testing/cluster.ts';
import { withEdit, type Edit } from './edit.ts';
import { otherPorts } from './other-ports.ts';
import { turnOf, type Turn } from './turn.ts';

const web = { matchLabels: { app: 'web' } };
const db = { matchLabels: { app: 'db' } };
const sql = { port: 5432, protocol: 'TCP' } as const;
const base: ClusterDescription = {
  namespaces: { shop: {}, ops: {} },
  pods: {
    'shop/web': { labels: web.matchLabels, ports: [{ containerPort: 8080 }] },
    'shop/db': { node: 2, labels: db.matchLabels, ports: [{ containerPort: 5432 }, { containerPort: 9187 }] },
    'ops/scraper': { labels: { app: 'scraper' } },
    'ops/agent': { hostNetwork: true },
  },
};

function flowTo(port: number, source = 'shop/web'): Flow {
  return {
    source: { kind: 'pod', key: source },
    destination: { kind: 'pod', key: 'shop/db' },
    protocol: 'TCP',
    port,
  };
}

/** What would turn it, after trying that it does. */
function turned(cluster: Cluster, flow: Flow): Turn {
  const turn = turnOf(cluster, flow, predict(cluster, flow));
  assert.ok(turn !== undefined, 'nothing turns it');
  const changed = turn.edits.reduce(withEdit, cluster);
  assert.equal(predict(changed, flow).verdict, turn.verdict);
  return turn;
}

const shown = ({ edits }: Turn): (readonly [string, string, string, unknown])[] =>
  edits.map(({ action, key, path, value }: Edit) => [action, key, path, value]);

const changesOf = ({ changes }: Turn): string[] =>
  (changes ?? []).map(({ change, source, destination, before, after }) =>
    [change, source, destination, `${before?.ports.join() ?? ''} -> ${after?.ports.join() ?? ''}`].join(' '),
  );

const closed = { podSelector: db, policyTypes: ['Ingress' as const], ingress: [] };

test('a rule for just this peer gets the port that it lacks, and opens nothing else', () => {
  const cluster = describeCluster({
    ...base,
    policies: {
      'shop/all': { podSelector: {} },
      'shop/db': { podSelector: db, ingress: [{ from: [{ podSelector: web }], ports: [sql] }] },
    },
  });
  const turn = turned(cluster, flowTo(9187));
  assert.deepEqual(shown(turn), [
    ['add', 'shop/db', 'spec.ingress[0].ports', { protocol: 'TCP', port: 9187 }],
  ]);
  assert.deepEqual(changesOf(turn), ['changed shop/web[Pod] shop/db[Pod] TCP 5432 -> TCP 5432,TCP 9187']);
});

test('a rule for just this port gets the peer that it lacks, by its namespace where that is another', () => {
  const cluster = describeCluster({
    ...base,
    policies: { 'shop/db': { podSelector: db, ingress: [{ from: [{ podSelector: web }], ports: [sql] }] } },
  });
  assert.deepEqual(shown(turned(cluster, flowTo(5432, 'ops/scraper'))), [
    [
      'add',
      'shop/db',
      'spec.ingress[0].from',
      {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ops' } },
        podSelector: { matchLabels: { app: 'scraper' } },
      },
    ],
  ]);
  // A pod on the host network is its node to policies: by the address that it has towards pods of other nodes.
  assert.deepEqual(shown(turned(cluster, flowTo(5432, 'ops/agent'))), [
    ['add', 'shop/db', 'spec.ingress[0].from', { ipBlock: { cidr: '10.244.1.0/32' } }],
  ]);
});

test('a rule of its own is added where others would gain by a port or a peer in theirs', () => {
  const both = [{ podSelector: web }, { podSelector: { matchLabels: { app: 'api' } } }];
  const cluster = describeCluster({
    ...base,
    policies: { 'shop/db': { podSelector: db, ingress: [{ from: both, ports: [sql] }] } },
  });
  assert.deepEqual(shown(turned(cluster, flowTo(9187))), [
    [
      'add',
      'shop/db',
      'spec.ingress',
      { from: [{ podSelector: web }], ports: [{ protocol: 'TCP', port: 9187 }] },
    ],
  ]);
});

test('a policy for more pods than these is left as it is: a new one stands beside it', () => {
  const cluster = describeCluster({ ...base, policies: { 'shop/all': { podSelector: {} } } });
  const turn = turned(cluster, flowTo(5432));
  assert.deepEqual(
    turn.edits.map(({ action, key }) => [action, key]),
    [['create', 'shop/db-from-web']],
  );
  assert.deepEqual(changesOf(turn), ['added shop/web[Pod] shop/db[Pod]  -> TCP 5432']);
});

test('both ends are opened where both deny, and the verdict is what is left', () => {
  const cluster = describeCluster({
    ...base,
    policies: { 'shop/db': closed, 'shop/web': { podSelector: web, policyTypes: ['Egress'] } },
  });
  const turn = turned(cluster, flowTo(81));
  assert.equal(turn.edits.length, 2);
  assert.equal(turn.verdict, 'refused');
});

test('before a rule of a tier that denies comes one that accepts, in the words of its kind', () => {
  const subject = { pods: { podSelector: db } };
  const everybody = [{ namespaces: {} }];
  const tiers = describeCluster({
    ...base,
    clusterPolicies: {
      first: {
        tier: 'Admin',
        priority: 1,
        subject,
        ingress: [
          { action: 'Pass', from: [{ pods: { podSelector: { matchLabels: { app: 'other' } } } }] },
          { action: 'Deny', from: everybody },
        ],
      },
    },
  });
  const peer = {
    pods: {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } },
      podSelector: web,
    },
  };
  assert.deepEqual(shown(turned(tiers, flowTo(5432))), [
    [
      'insert',
      'first',
      'spec.ingress[1]',
      { action: 'Accept', from: [peer], protocols: [{ tcp: { destinationPort: { number: 5432 } } }] },
    ],
  ]);
  const older: Cluster = {
    ...describeCluster(base),
    adminNetworkPolicies: new Map([
      [
        'old',
        {
          apiVersion: 'policy.networking.k8s.io/v1alpha1',
          kind: 'AdminNetworkPolicy',
          metadata: { name: 'old' },
          spec: { priority: 1, subject, ingress: [{ action: 'Deny', from: everybody }] },
        },
      ],
    ]),
  };
  assert.deepEqual(shown(turned(older, flowTo(5432))), [
    [
      'insert',
      'old',
      'spec.ingress[0]',
      { action: 'Allow', from: [peer], ports: [{ portNumber: { protocol: 'TCP', port: 5432 } }] },
    ],
  ]);
});

test('what is open is closed at the end that takes less, and by as little of a rule as it takes', () => {
  const rules = {
    from: [{ podSelector: { matchLabels: { app: 'api' } } }, { podSelector: web }],
    ports: [sql],
  };
  const cluster = describeCluster({
    ...base,
    policies: {
      'shop/db': { podSelector: db, ingress: [rules] },
      'shop/web': { podSelector: web, egress: [{}] },
    },
  });
  const turn = turned(cluster, flowTo(5432));
  assert.equal(turn.verdict, 'denied');
  assert.deepEqual(shown(turn), [['remove', 'shop/db', 'spec.ingress[0].from[1]', { podSelector: web }]]);
});

test('all rules that allow it have to go, and where no policy isolates a pod it gets one', () => {
  const cluster = describeCluster({
    ...base,
    policies: {
      'shop/db': {
        podSelector: db,
        ingress: [{ ports: [sql] }, { from: [{ podSelector: web }], ports: [sql, { port: 1 }] }],
      },
    },
  });
  assert.deepEqual(
    turned(cluster, flowTo(5432)).edits.map(({ action, path }) => `${action} ${path}`),
    ['remove spec.ingress[1].ports[0]', 'remove spec.ingress[0]'],
  );
  const open = turned(describeCluster(base), flowTo(5432));
  assert.deepEqual(shown(open)[0]?.slice(0, 2), ['create', 'shop/db-ingress']);
});

test('nothing turns what no policy decides about', () => {
  const cluster = describeCluster({
    ...base,
    pods: { ...base.pods, 'ops/near': { node: 2, hostNetwork: true } },
    policies: { 'shop/db': closed },
  });
  // A pod's own node is always let through, and so are pods in its network.
  for (const flow of [flowTo(5432, 'ops/near'), flowTo(81, 'shop/db')]) {
    assert.equal(turnOf(cluster, flow, predict(cluster, flow)), undefined);
  }
});

test('who asks for a port where nobody listens is told those that answer', () => {
  const cluster = describeCluster({
    ...base,
    policies: { 'shop/db': { podSelector: db, ingress: [{ ports: [sql, { port: 81 }] }] } },
  });
  assert.equal(predict(cluster, flowTo(81)).verdict, 'refused');
  assert.deepEqual(otherPorts(cluster, flowTo(81)), [{ protocol: 'TCP', port: 5432 }]);
});
