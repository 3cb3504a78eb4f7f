import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { parse } from 'yaml';
import type { Reach, UnknownConnection } from '../../analysis/reach/answer.ts';
import { resources } from '../../api/resources.ts';
import { createFakeLab, type FakeLabOptions } from '../testing/fake-lab.ts';
import { shop, shopPolicies } from '../testing/shop.ts';
import { shopCluster } from '../testing/shop-cluster.ts';
import { folderOf, run } from '../testing/terminal.ts';

const folder = folderOf({ 'shop.yaml': shop, 'policies.yaml': shopPolicies });
after(() => folder[Symbol.dispose]());
const reach = (...words: string[]): ReturnType<typeof run> => run(['reach', '-f', folder.path, ...words]);

const list = `0.0.0.0/0 => shop/db[StatefulSet] : all
0.0.0.0/0 => shop/web[Deployment] : all
shop/api[Deployment] => 0.0.0.0/0 : all
shop/api[Deployment] => shop/db[StatefulSet] : all
shop/api[Deployment] => shop/web[Deployment] : all
shop/db[StatefulSet] => 0.0.0.0/0 : all
shop/db[StatefulSet] => shop/web[Deployment] : all
shop/web[Deployment] => 0.0.0.0/0 : all
shop/web[Deployment] => shop/api[Deployment] : TCP 9090
shop/web[Deployment] => shop/db[StatefulSet] : all
`;

test('the table is a list of connections and a line of counts', async () => {
  const { code, out } = await reach();
  assert.equal(code, 0);
  assert.equal(out, `${list}\n10 connections, 0 unknown; 3 ends, 5 pods, 1 policies\n`);
});

const focuses: readonly [words: readonly string[], rows: RegExp, count: number][] = [
  [['--from', 'shop/web'], /^shop\/web\[Deployment\] => /, 3],
  [['--from', 'shop/*', '--to', 'shop/api[Deployment]'], /^shop\/web\[Deployment\] => shop\/api/, 1],
  [['--from', 'outside'], /^0\.0\.0\.0\/0 => shop/, 2],
  [['--to', '192.0.2.7'], / => 0\.0\.0\.0\/0 : all$/, 3],
  [['--namespace', 'shop'], /shop\//, 10],
  [['--port', '9090'], / : TCP 9090$/, 10],
  [['--port', '9089-9090/udp', '--to', 'shop/api'], /^never$/, 0],
];

for (const [words, row, count] of focuses) {
  test(`${words.join(' ')} tells ${count} connections`, async () => {
    const { code, out } = await reach(...words);
    const lines = out.split('\n').slice(0, count);
    assert.equal(code, 0);
    for (const line of lines) assert.match(line, row);
    assert.match(out, new RegExp(`(?:^|\\n)${count} connections, 0 unknown; 3 ends`));
  });
}

for (const [words, complaint] of [
  [['--namespace', 'sho'], '--namespace sho: nothing is in it\n  did you mean shop?'],
  [['--from', 'shop/wbe'], '--from shop/wbe: there is no such workload\n  did you mean shop/web?'],
  [
    ['--to', 'elsewhere/*'],
    '--to elsewhere/*: there is no such workload\n  there are shop/api, shop/db, shop/web',
  ],
  [['--pods', '--to', 'shop/web'], '--to shop/web: there is no such pod\n  there are shop/'],
] as const) {
  test(`${words.join(' ')} is a mistake, and no answer without rows`, async () => {
    const { code, out, err } = await reach(...words);
    assert.equal(code, 2);
    assert.equal(out, '');
    assert.ok(err.startsWith(`weft: ${complaint}`), err);
  });
}

const because = (format: string): Promise<string> =>
  reach('--explain', '--to', 'shop/api', '-o', format).then(({ out }) => out);
const line = shopPolicies.split('\n').findIndex((text) => text.includes('- from')) + 1;
const rule = `NetworkPolicy shop/api spec.ingress[0] (${folder.path}/policies.yaml:${line})`;

test('--explain tells the rules of both ends below each connection', async () => {
  assert.equal(
    await because('table'),
    `shop/web[Deployment] => shop/api[Deployment] : TCP 9090
    egress: Pod shop/web-kmbc7tppzk-7spct no policy isolates it for egress
    ingress: ${rule}

1 connections, 0 unknown; 3 ends, 5 pods, 1 policies
`,
  );
});

test('every format carries the explanation', async () => {
  for (const format of ['wide', 'csv', 'dot', 'mermaid', 'svg', 'matrix']) {
    assert.ok((await because(format)).includes(rule), format);
    const { out } = await reach('--to', 'shop/api', '-o', format);
    assert.ok(!out.includes('spec.ingress'), `${format} when nobody asked`);
  }
  assert.ok((await because('md')).replaceAll('\\', '').includes(rule));
  const { connections } = JSON.parse(await because('json')) as { connections: { because: unknown[] }[] };
  assert.deepEqual(connections[0]?.because[1], {
    stage: 'ingress',
    object: 'NetworkPolicy shop/api',
    rule: 'spec.ingress[0]',
    verdict: 'allowed',
    file: `${folder.path}/policies.yaml`,
    line,
  });
});

test('what has no ports is asked about as icmp', async () => {
  const { out } = await run(['reach', '-f', folder.path, '--port', 'icmp', '--to', 'outside', '-o', 'csv']);
  assert.match(out, /^shop\/web\[Deployment\],0\.0\.0\.0\/0,other,$/m);
  const closed = await run(['reach', '-f', folder.path, '--port', 'icmp', '--to', 'shop/api']);
  assert.doesNotMatch(closed.out, /=> shop\/api/, 'its policy opens TCP alone');
});

test('who reaches whom by labels of namespaces that are not among the manifests is unknown', async () => {
  const policy = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: teams, namespace: shop }
spec: { podSelector: {}, ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: a } } }] }] }
`;
  const namespace = 'apiVersion: v1\nkind: Namespace\nmetadata: { name: shop }\n';
  const [missing, given, named] = [
    folderOf({ 'shop.yaml': shop, 'teams.yaml': policy }),
    folderOf({ 'shop.yaml': shop, 'teams.yaml': policy, 'namespace.yaml': namespace }),
    folderOf({ 'shop.yaml': shop, 'teams.yaml': policy.replace('team:', 'kubernetes.io/metadata.name:') }),
  ];
  const unknownIn = async ({ path }: { path: string }): Promise<readonly UnknownConnection[]> => {
    const { out } = await run(['reach', '-f', path, '-o', 'json']);
    return (JSON.parse(out) as Reach).unknown;
  };
  const why = 'the labels of Namespace shop are not known; at most all';
  assert.deepEqual(
    (await unknownIn(missing)).filter(({ source }) => source.startsWith('shop/web')),
    ['api[Deployment]', 'db[StatefulSet]'].map((name) => ({
      source: 'shop/web[Deployment]',
      destination: `shop/${name}`,
      why,
    })),
  );
  assert.deepEqual(await unknownIn(given), []);
  assert.deepEqual(await unknownIn(named), []);
  const asked = ['shop/Deployment/web', 'shop/Deployment/api:80'];
  const explained = async ({ path }: { path: string }): Promise<string> =>
    (await run(['explain', ...asked, '-f', path])).out;
  assert.match(await explained(missing), /: unknown\n.*the labels of Namespace shop are not known/s);
  assert.doesNotMatch(await explained(given), /unknown/);
  const expected = await run(['test', `${asked.join(' -> ')} denied`, '-f', missing.path]);
  assert.equal(expected.code, 1, 'what is unknown is no denial');
  const [same, other] = await Promise.all(
    [given, missing].map(({ path }) => run(['diff', path, given.path, '-o', 'text']).then(({ out }) => out)),
  );
  assert.doesNotMatch(same ?? '', /labels/);
  assert.match(other ?? '', /web.*api.*the labels of Namespace shop are not known/);
  for (const one of [missing, given, named]) one[Symbol.dispose]();
});

test('a port that is none ends with 2', async () => {
  for (const port of ['0', '70000', '80-70', 'http', '80/icmp']) {
    const { code, err } = await reach('--port', port);
    assert.equal(code, 2, port);
    assert.match(err, /--port .* is no port/);
  }
});

test('the matrix has a symbol for every pair, by the ports that the destination declares', async () => {
  const { code, out } = await reach('-o', 'matrix');
  assert.equal(code, 0);
  const [head, ...rows] = out.split('\n').map((line) => line.split(/\s{2,}/));
  assert.deepEqual(head?.slice(1), [
    'shop/api[Deployment]',
    'shop/db[StatefulSet]',
    'shop/web[Deployment]',
    'outside',
  ]);
  assert.deepEqual(rows.slice(0, 4), [
    ['shop/api[Deployment]', '#', '.', '.', '.'],
    ['shop/db[StatefulSet]', 'X', '#', '.', '.'],
    ['shop/web[Deployment]', '.', '.', '#', '.'],
    ['outside', 'X', '.', '.', '#'],
  ]);
  const focused = await reach('-o', 'matrix', '--from', 'shop/db', '--to', 'shop/*');
  assert.match(focused.out, /\nshop\/db\[StatefulSet\] +X +# +\.\n\n/);
});

test('the picture says of every cell what is open, and quotes names', async () => {
  const { code, out } = await reach('-o', 'svg');
  assert.equal(code, 0);
  assert.match(out, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" /);
  assert.equal(out.match(/<title>/g)?.length, 16 + 4, 'cells and the legend');
  assert.match(out, /<title>shop\/web\[Deployment\] =&gt; shop\/api\[Deployment\] : TCP 9090<\/title>/);
  assert.match(out, /<title>shop\/db\[StatefulSet\] =&gt; shop\/api\[Deployment\] : nothing<\/title>/);
});

test('--exposure tells the ways in from outside', async () => {
  using other = folderOf({
    'shop.yaml': shop,
    'door.yaml':
      'apiVersion: v1\nkind: Service\nmetadata: { name: door, namespace: shop }\nspec: { type: NodePort, selector: { app: api }, ports: [{ port: 80, targetPort: 9090, nodePort: 30080 }] }\n',
  });
  const { code, out } = await run(['reach', '--exposure', '-f', other.path]);
  assert.equal(code, 0);
  assert.match(
    out,
    /^shop\/api\[Deployment\] +svc:shop\/door +node port 30080 +TCP 9090 +allowed +10\.244\./m,
  );
  assert.match(out, /\n1 way in\n$/);
  const json = await run(['reach', '--exposure', '-o', 'json', '-f', other.path, '--to', 'shop/web']);
  assert.deepEqual(JSON.parse(json.out), { exposures: [] });
});

/** A policy of `shop` that nobody can read, a Service that is broken, and another namespace. */
const partly = folderOf({
  'shop.yaml': shop,
  'other.yaml': ['x', 'y']
    .map(
      (name) => `apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: other }
spec: { containers: [{ name: c, image: c }] }
`,
    )
    .join('---\n'),
  'policies.yaml': shopPolicies.replace('port: 9090', 'port: 99090'),
  'service.yaml': 'apiVersion: v1\nkind: Service\nmetadata: { name: s }\nspec: { ports: [{ port: 0 }] }\n',
});
after(() => partly[Symbol.dispose]());

test('what a broken policy decides about is unknown, the rest is told, and said to be a part', async () => {
  const { code, out, err } = await run(['reach', '-f', partly.path]);
  assert.equal(code, 2);
  assert.match(out, /^other\/x\[Pod\] => other\/y\[Pod\] : all$/m);
  assert.doesNotMatch(out, /^shop\/\w+\[/m);
  assert.match(out, /^shop\/\* => \* : .*policies\.yaml:10: NetworkPolicy shop\/api: .*99090/m);
  assert.match(
    err,
    /^weft: this is a part of the answer, without:\n.*policies\.yaml:10: .*\n.*service\.yaml:4: /,
  );
});

test('a broken Service changes nothing about who reaches whom, and is told', async () => {
  using other = folderOf({
    'shop.yaml': shop,
    'policies.yaml': shopPolicies,
    'service.yaml': 'apiVersion: v1\nkind: Service\nmetadata: { name: s }\nspec: { ports: [{ port: 0 }] }\n',
  });
  const { code, out, err } = await run(['reach', '-f', other.path]);
  assert.equal(code, 2);
  assert.equal(out, `${list}\n10 connections, 0 unknown; 3 ends, 5 pods, 1 policies\n`);
  assert.match(err, /service\.yaml:4: Service s: spec\.ports\[0\]\.port/);
});

test('with a Namespace that is broken nothing is told, for its labels may be what policies select', async () => {
  using other = folderOf({
    'shop.yaml': shop,
    'namespace.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: { name: shop, labels: { a: 1 } }\n',
  });
  const { code, out, err } = await run(['reach', '-f', other.path]);
  assert.deepEqual([code, out], [2, '']);
  assert.match(err, /namespace\.yaml:3: Namespace shop: metadata\.labels/);
});

test('a policy of another network is told by every question about manifests, and is no success', async () => {
  using other = folderOf({
    'shop.yaml': shop,
    'policy.yaml':
      'apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: { name: p, namespace: shop }\nspec: {}\n',
  });
  for (const question of [
    ['reach', '-f', other.path],
    ['lint', '--ignore', 'WL013', '-f', other.path],
    ['explain', '-f', other.path, 'shop/db-0', 'svc:shop/api'],
    ['test', '-f', other.path, 'shop/db-0 -> svc:shop/api'],
    ['diff', other.path, other.path],
  ]) {
    const { code, out, err } = await run(question);
    assert.equal(code, 2, question[0]);
    assert.notEqual(out, '');
    assert.match(
      err,
      /policy\.yaml:1: CiliumNetworkPolicy shop\/p: policies of cilium\.io are not understood/,
    );
  }
});

interface Row {
  readonly source: string;
  readonly destination: string;
  readonly ports: readonly string[];
}

test('JSON has connections, unknown and summary; YAML the same', async () => {
  const { out } = await reach('-o', 'json');
  const answer = JSON.parse(out) as { connections: Row[]; unknown: unknown[]; summary: unknown };
  assert.deepEqual(Object.keys(answer), ['connections', 'unknown', 'summary']);
  const lines = answer.connections.map(
    (row) => `${row.source} => ${row.destination} : ${row.ports.join(', ')}\n`,
  );
  assert.equal(lines.join(''), list);
  assert.deepEqual(answer.unknown, []);
  assert.deepEqual(parse((await reach('-o', 'yaml')).out), answer);
});

test('pods are rows of their own with --pods, and the cluster DNS is one with --all-namespaces', async () => {
  const pods = await reach('--pods');
  assert.match(pods.out, /^shop\/db-0 => shop\/db-1 : all$/m);
  assert.doesNotMatch(pods.out, /kube-system/);
  const all = await reach('--all-namespaces');
  assert.match(all.out, /^kube-system\/cluster-dns\[Deployment\] => shop\/web\[Deployment\] : all$/m);
});

test('every other format has every connection', async () => {
  const connection = {
    wide: /^shop\/web\[Deployment\] +shop\/api\[Deployment\] +TCP 9090$/m,
    csv: /^shop\/web\[Deployment\],shop\/api\[Deployment\],TCP 9090,$/m,
    md: /^\| shop\/web\\\[Deployment\\\] \| shop\/api\\\[Deployment\\\] \| TCP 9090 \|/m,
    dot: /^ {2}"shop\/web\[Deployment\]" -> "shop\/api\[Deployment\]" \[label="TCP 9090"\];$/m,
    mermaid: /^ {2}n\d+ -->\|"TCP 9090"\| n\d+$/m,
  };
  for (const [format, row] of Object.entries(connection)) {
    const { code, out } = await reach('-o', format);
    assert.equal(code, 0);
    assert.match(out, row, format);
    const rows = out.split('\n').filter((line) => /->|shop\//.test(line)).length;
    assert.ok(rows >= 10, `${format} has ${rows} rows`);
  }
});

test('a report of tests needs packets', async () => {
  const { code, err } = await reach('-o', 'junit');
  assert.equal(code, 2);
  assert.match(err, /-o junit is not available here/);
});

const live = async (
  options: FakeLabOptions,
  ...words: string[]
): Promise<Awaited<ReturnType<typeof run>> & { lab: ReturnType<typeof createFakeLab> }> => {
  const lab = createFakeLab(await shopCluster(), options);
  return { ...(await run(['reach', '--live', ...words], lab.connection)), lab };
};

interface LiveJson {
  readonly connections: readonly Row[];
  readonly summary: { right: number; wrong: number; unknown: number; ignored: number; total: number };
  readonly ignored: readonly { destination: string; why: string; cells: number }[];
  readonly wrong: readonly { destination: string; reasons: unknown[] }[];
  readonly unknown: readonly unknown[];
}

test('a lab that does as predicted is all right, once everything that was read is programmed', async () => {
  const { code, out, lab } = await live({}, '-o', 'json');
  const answer = JSON.parse(out) as LiveJson;
  assert.equal(code, 0);
  const { right, wrong, unknown, ignored, total } = answer.summary;
  assert.deepEqual([wrong, unknown], [0, 0]);
  assert.ok(right === lab.sent.length && right > 50);
  assert.equal(right + ignored, total);
  assert.equal(answer.connections.length, 10);
  assert.deepEqual(answer.wrong, []);
  // Names without an address, on their declared and their undeclared ports.
  assert.deepEqual(
    new Set(answer.ignored.map(({ destination }) => destination)),
    new Set(['svc:shop/db', 'svc:shop/named']),
  );
  assert.equal(lab.programmed.length, 1);
  assert.ok(Number(lab.programmed[0]?.['pods']) > 0);
});

test('the matrix shows what is blocked, and ends with the counts', async () => {
  const { out } = await live({});
  const [, api, db, web] = out.split('\n').map((line) => line.split(/\s{2,}/));
  assert.deepEqual(api?.slice(0, 4), ['shop/api[Deployment]', '#', '.', '.']);
  assert.deepEqual(db?.slice(0, 4), ['shop/db[StatefulSet]', 'X', '#', '.']);
  assert.deepEqual(web?.slice(0, 4), ['shop/web[Deployment]', '.', '.', '#']);
  assert.match(out, /\n\d+ right, 0 wrong, 0 unknown, \d+ ignored of \d+\n$/);
});

const lies: FakeLabOptions = {
  lie: ({ port, netns }, truth) =>
    port === 9090 && netns === 'pod-uid-of-shop-db-0' ? { outcome: 'silent', milliseconds: 1 } : truth,
};

test('one packet that does otherwise is wrong, with the rule that the prediction goes by', async () => {
  const { code, out, lab } = await live(lies, '-o', 'json', '-f', folder.path);
  const { summary, wrong } = JSON.parse(out) as LiveJson;
  assert.equal(code, 1);
  assert.equal(summary.wrong, 1);
  assert.equal(wrong.length, 1);
  assert.partialDeepStrictEqual(wrong[0], {
    source: 'shop/db-0',
    protocol: 'TCP',
    port: 9090,
    why: 'it is unreachable and not denied',
    predicted: [{ verdict: 'denied', sourceSeen: null, backend: null }],
    actual: { verdict: 'unreachable', sourceSeen: null, backend: null, milliseconds: 1 },
    reasons: [{ object: 'NetworkPolicy shop/api', file: `${folder.path}/policies.yaml`, line: 5 }],
  });
  assert.equal(
    lab.sent.length,
    summary.total - summary.ignored,
    'nothing is asked twice while nothing changes',
  );
  const table = await live(lies);
  assert.match(table.out, /^shop\/db\[StatefulSet\] +! +# +\. +X +\.$/m);
  assert.match(
    table.out,
    /^wrong: shop\/db-0 -> shop\/api-.* TCP 9090: it is unreachable and not denied\n {2}predicted by NetworkPolicy shop\/api spec\.podSelector$/m,
  );
  const junit = await live(lies, '-o', 'junit');
  assert.equal(junit.code, 1);
  assert.match(
    junit.out,
    /<testsuites name="weft reach --live" tests="\d+" failures="1" errors="0" skipped="\d+">/,
  );
  assert.match(junit.out, /<failure message="it is unreachable and not denied">shop\/db-0 -&gt; /);
});

test('an answer that says nothing is unknown, and fails', async () => {
  const { code, out } = await live(
    { lie: (_, truth) => (truth.outcome === 'answered' ? { outcome: 'answered', milliseconds: 1 } : truth) },
    '-o',
    'json',
  );
  const { summary, unknown } = JSON.parse(out) as LiveJson;
  assert.equal(code, 1);
  assert.ok(summary.unknown > 0);
  assert.equal(summary.unknown, unknown.length);
});

test('a pod that does not run is unknown, so that a lab that is down proves nothing', async () => {
  const cluster = await shopCluster();
  const pods = new Map(
    [...cluster.pods].map(([key, pod]) => [key, { ...pod, status: { phase: 'Pending' } } as const]),
  );
  const lab = createFakeLab({ ...cluster, pods });
  const { code, out } = await run(['reach', '--live', '-o', 'json'], lab.connection);
  const { summary, unknown, ignored } = JSON.parse(out) as LiveJson;
  assert.equal(code, 1);
  assert.deepEqual(lab.sent, []);
  assert.equal(summary.unknown, pods.size);
  assert.equal(unknown.length, pods.size);
  assert.ok(ignored.every(({ destination }) => destination.startsWith('svc:')));
});

test('what disagrees is asked once more when the cluster changed meanwhile, by what it is now', async () => {
  const cluster = await shopCluster();
  let isChanged = false;
  const lab = createFakeLab(cluster, {
    lie: async ({ port }) => {
      if (isChanged || port !== 9090) return undefined;
      isChanged = true;
      await lab.client.delete(resources.networkpolicies, { namespace: 'shop', name: 'api' });
      return { outcome: 'silent', milliseconds: 1 };
    },
  });
  const { code, out } = await run(['reach', '--live', '-o', 'json'], lab.connection);
  const { summary } = JSON.parse(out) as LiveJson;
  assert.deepEqual([code, summary.wrong], [0, 0]);
  assert.ok(lab.sent.length > summary.total - summary.ignored);
});

test('the cluster DNS and the API Service have cells when asked for', async () => {
  const { out } = await live({}, '--all-namespaces', '-o', 'wide');
  assert.match(out, /svc:kube-system\/kube-dns:53\/udp/);
  assert.match(out, /ignored: \d+ cells to svc:default\/kubernetes/);
});
