import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { parse } from 'yaml';
import { createFakeLab } from '../testing/fake-lab.ts';
import { shop, shopPolicies } from '../testing/shop.ts';
import { shopCluster } from '../testing/shop-cluster.ts';
import { folderOf, run } from '../testing/terminal.ts';

const folder = folderOf({ 'shop.yaml': shop, 'policies.yaml': shopPolicies });
after(() => folder[Symbol.dispose]());
const explain = (...words: string[]): ReturnType<typeof run> => run(['explain', '-f', folder.path, ...words]);

interface Explanation {
  readonly change?: unknown;
  readonly otherPorts?: unknown;
  readonly reasons: readonly { readonly stage: string }[];
  readonly path: readonly { readonly at: string }[];
}

test('an allowed connection is told with who answers, and the rule that allows it with its line', async () => {
  const { code, out } = await explain('shop/deploy/web', 'svc:shop/api', '-o', 'json');
  assert.equal(code, 0);
  const { reasons, path, change, otherPorts, ...rest } = JSON.parse(out) as Explanation &
    Record<string, unknown>;
  assert.deepEqual(rest, {
    source: rest['source'],
    destination: 'svc:shop/api:80',
    protocol: 'TCP',
    verdict: 'allowed',
    why: null,
    sourceSeen: '10.244.1.1',
    backend: rest['backend'],
    milliseconds: null,
  });
  assert.partialDeepStrictEqual(change, { verdict: 'denied', edits: [{ object: 'NetworkPolicy shop/api' }] });
  assert.deepEqual(otherPorts, []);
  assert.match(String(rest['source']), /^shop\/web-/);
  assert.match(String(rest['backend']), /^shop\/api-/);
  assert.deepEqual(
    reasons.find(({ stage }) => stage === 'ingress'),
    {
      stage: 'ingress',
      object: 'NetworkPolicy shop/api',
      rule: 'spec.ingress[0]',
      verdict: 'allowed',
      file: `${folder.path}/policies.yaml`,
      line: 8,
    },
  );
  assert.deepEqual(path[0], {
    at: rest['source'],
    action: 'sends',
    packet: path[0] && 'packet' in path[0] ? path[0].packet : '',
  });
});

test('a denied connection ends with 1, and the deciding policy is marked with its line', async () => {
  const { code, out } = await explain('shop/db-0', 'svc:shop/api');
  assert.equal(code, 1);
  const [headline, why] = out.split('\n');
  assert.equal(headline, 'shop/db-0 -> svc:shop/api:80 (TCP): denied');
  assert.match(why ?? '', /NetworkPolicy shop\/api/);
  assert.match(
    out,
    /^ {2}> +ingress +denied +NetworkPolicy shop\/api +spec\.podSelector +.*policies\.yaml:5$/m,
  );
});

test('a refusal is traced to the containers of the workload that made the pod', async () => {
  const { code, out } = await explain('shop/db-0', 'shop/deploy/web:1', '-o', 'json');
  assert.equal(code, 1);
  const { reasons } = JSON.parse(out) as Explanation;
  assert.partialDeepStrictEqual(reasons.at(-1), {
    verdict: 'refused',
    file: `${folder.path}/shop.yaml`,
    line: 10,
  });
});

test('what would change the answer stands below it, with its place and what else it does', async () => {
  const { out } = await explain('shop/db-0', 'svc:shop/api');
  const [, change] = out.split('\n\n').slice(-2);
  assert.match(
    change ?? '',
    /^ {2}It would be allowed with\n {4}added to NetworkPolicy shop\/api spec\.ingress/,
  );
  assert.match(change ?? '', /\(.*policies\.yaml:\d+\)\n {6}- /);
  assert.match(
    change ?? '',
    / {2}With it\n {4}added +shop\/db\[StatefulSet\] => shop\/api\[Deployment\] : TCP/,
  );
  const json = JSON.parse((await explain('shop/db-0', 'svc:shop/api', '-o', 'json')).out) as object;
  assert.partialDeepStrictEqual(json, {
    change: {
      verdict: 'allowed',
      edits: [{ action: 'add', object: 'NetworkPolicy shop/api', file: `${folder.path}/policies.yaml` }],
      changes: [{ change: 'added', source: 'shop/db[StatefulSet]', before: null }],
    },
    otherPorts: [],
  });
});

test('where nobody listens the ports are told at which the destination would answer', async () => {
  const { out } = await explain('shop/db-0', 'shop/deploy/web:1');
  assert.match(out, /\n\n {2}It would be answered at TCP 8080\n$/);
});

test('text says which of a workload is asked', async () => {
  const { out } = await explain('shop/deploy/web', 'shop/sts/db:sql');
  assert.match(out, /asked by shop\/web-.*, one of 2 pods\n.*asked of shop\/db-0:5432, one of 2 pods\n/);
});

test('YAML has the same data as JSON', async () => {
  const json = await explain('shop/db-0', 'svc:shop/api', '-o', 'json');
  const yaml = await explain('shop/db-0', 'svc:shop/api', '-o', 'yaml');
  assert.deepEqual(parse(yaml.out), JSON.parse(json.out));
});

test('without manifests the running lab is asked, and left again', async () => {
  const lab = createFakeLab(await shopCluster());
  const { code, out } = await run(['explain', 'shop/db-0', 'svc:shop/api'], lab.connection);
  assert.equal(code, 1);
  assert.match(out, /: denied\n/);
  assert.deepEqual(lab.sent, []);
  assert.ok(lab.isClosed());
});

test('what depends on the backend is unknown, and told backend by backend', async () => {
  const open = shop.replace('labels: { app: db }', 'labels: { app: db, tier: data }');
  const policy = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: first, namespace: shop }
spec: { podSelector: { matchLabels: { apps.kubernetes.io/pod-index: '0' } } }
---
apiVersion: v1
kind: Service
metadata: { name: both, namespace: shop }
spec: { selector: { app: db }, ports: [{ port: 5432 }] }
`;
  using other = folderOf({ 'shop.yaml': open, 'policy.yaml': policy });
  const asked = ['explain', '-f', other.path, 'shop/deploy/api', 'svc:shop/both'];
  const { code, out } = await run(asked);
  assert.equal(code, 1);
  assert.match(out, /: unknown\n {2}it depends on the backend/);
  assert.match(out, /by shop\/db-0: denied\n/);
  assert.match(out, /by shop\/db-1: allowed, seen as 10\.244\./);
  const json = JSON.parse((await run([...asked, '-o', 'json'])).out) as Record<string, unknown>;
  assert.partialDeepStrictEqual(json, { verdict: 'unknown', backend: null, sourceSeen: null });
  assert.match(String(json['why']), /shop\/db-0 denied, shop\/db-1 allowed/);
});

for (const [what, words] of [
  ['an unknown pod', ['shop/nobody', 'svc:shop/api']],
  ['an unknown format', ['shop/db-0', 'svc:shop/api', '-o', 'xml']],
  ['a missing port', ['shop/db-0', 'svc:shop/two']],
  ['a missing file', ['-f', '/nowhere/at/all', 'shop/db-0', 'svc:shop/api']],
] as const) {
  test(`${what} ends with 2 and one complaint`, async () => {
    const { code, out, err } = await explain(...words);
    assert.equal(code, 2);
    assert.equal(out, '');
    assert.match(err, /^weft: .+\n( {2}.+\n)?$/);
  });
}

test('a rule that passes a packet on is told as that, and the tier behind it decides', async () => {
  using passed = folderOf({
    'shop.yaml': shop,
    'policies.yaml': shopPolicies,
    'tiers.yaml': `apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: { name: first }
spec:
  tier: Admin
  priority: 5
  subject: { namespaces: {} }
  ingress:
    - action: Pass
      from: [{ namespaces: {} }]
`,
  });
  const { out } = await run(['explain', '-f', passed.path, 'shop/db-0', 'shop/deploy/api:9090']);
  assert.match(out, /ingress +pass +ClusterNetworkPolicy first +spec\.ingress\[0\]/);
  assert.match(out, /> +ingress +denied +NetworkPolicy shop\/api/);
});

test('ICMP has no ports: rules with ports never allow it, and whoever is there answers', async () => {
  const open = await explain('shop/Deployment/api', 'shop/Deployment/web/icmp');
  assert.equal(open.code, 0, open.err);
  assert.match(open.out, /web-[^ ]+\/icmp \(ICMP\): allowed$/m);
  assert.match(open.out, /answers ICMP +ICMP \S+ -> \S+\n/);
  const closed = await explain('shop/Deployment/web', 'shop/Deployment/api/icmp');
  assert.equal(closed.code, 1);
  assert.match(closed.out, /: denied$/m);
  assert.match(closed.out, /It would be allowed with\n {4}added to NetworkPolicy shop\/api spec\.ingress/);
  assert.doesNotMatch(closed.out, /port: 0/);
  const service = await explain('shop/Deployment/web', 'svc:shop/api/icmp');
  assert.equal(service.code, 2);
  assert.match(service.err, /a Service passes on its ports and nothing else/);
  const tested = await run([
    'test',
    '-f',
    folder.path,
    'shop/Deployment/web -> shop/Deployment/api/icmp denied',
  ]);
  assert.equal(tested.code, 0, tested.out);
});
