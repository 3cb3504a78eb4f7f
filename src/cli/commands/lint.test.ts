import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { lintRules } from '../../analysis/lint/rules.ts';
import { lintGuide } from '../output/lint-guide.ts';
import { createFakeLab } from '../testing/fake-lab.ts';
import { shop, shopPolicies } from '../testing/shop.ts';
import { shopCluster } from '../testing/shop-cluster.ts';
import { folderOf, run } from '../testing/terminal.ts';

/** The shop's policy with a mistyped peer, and a port that only the Service has. */
const mistaken = shopPolicies.replace(
  'ports: [{ port: 9090 }]\n',
  `ports: [{ port: 9090 }, { port: 80 }]
    - from:
        - podSelector: { matchLabels: { app: wbe } }
      ports: [{ port: 9090 }]
`,
);
const folder = folderOf({ 'shop.yaml': shop, 'policies.yaml': mistaken });
const sound = folderOf({ 'shop.yaml': shop, 'policies.yaml': shopPolicies });
after(() => {
  folder[Symbol.dispose]();
  sound[Symbol.dispose]();
});
const lint = (...words: string[]): ReturnType<typeof run> => run(['lint', '-f', folder.path, ...words]);

test('a line per finding says where, how grave, which rule and what, and the last one counts', async () => {
  const { code, out } = await lint();
  assert.equal(code, 1);
  assert.equal(
    out.replaceAll(`${folder.path}/`, ''),
    `policies.yaml:10: error WL009: NetworkPolicy shop/api spec.ingress[0].ports[1].port: TCP 80 is a port of Service shop/api; policies see the port of its pods, 9090
policies.yaml:12: warning WL002: NetworkPolicy shop/api spec.ingress[1].from[0]: selects no pod of namespace shop
shop.yaml:53: warning WL013: Service shop/two spec.ports[1]: leads to UDP 53, which none of shop/web[Deployment] declares

1 error, 2 warnings, 0 info
`,
  );
});

test('JSON and YAML have every finding and the counts', async () => {
  const { out } = await lint('-o', 'json');
  const { findings, summary } = JSON.parse(out) as { findings: unknown[]; summary: unknown };
  assert.deepEqual(summary, { error: 1, warning: 2, info: 0, ignored: 0, total: 3 });
  assert.partialDeepStrictEqual(findings[1], {
    id: 'WL002',
    name: 'peer-selects-nothing',
    severity: 'warning',
    object: 'NetworkPolicy shop/api',
    path: 'spec.ingress[1].from[0]',
    file: `${folder.path}/policies.yaml`,
    line: 12,
  });
  assert.match((await lint('-o', 'yaml')).out, /^ {2}- id: WL002$/m);
});

test('SARIF has every rule with its help, and each finding at its line', async () => {
  const { out } = await lint('-o', 'sarif');
  const { version, runs } = JSON.parse(out) as {
    version: string;
    runs: { tool: { driver: { rules: { id: string }[] } }; results: unknown[] }[];
  };
  assert.equal(version, '2.1.0');
  const [{ tool, results } = { tool: { driver: { rules: [] } }, results: [] }] = runs;
  assert.deepEqual(
    tool.driver.rules.map(({ id }) => id),
    lintRules.map(({ id }) => id),
  );
  assert.partialDeepStrictEqual(tool.driver.rules[8], {
    name: 'service-port-in-policy',
    defaultConfiguration: { level: 'error' },
  });
  assert.partialDeepStrictEqual(results[0], {
    ruleId: 'WL009',
    level: 'error',
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: `${folder.path}/policies.yaml` },
          region: { startLine: 10 },
        },
      },
    ],
  });
});

test('what is ignored is left out: by the command line, and by the object itself', async () => {
  const { code, out } = await lint('--ignore', 'WL009', '--ignore', 'peer-selects-nothing');
  assert.equal(code, 1);
  assert.match(out, /\n0 errors, 1 warning, 0 info\n$/);
  const annotated = mistaken.replace(
    'name: api,',
    'name: api, annotations: { weft.dev/lint-ignore: "WL002, WL009" },',
  );
  using other = folderOf({ 'shop.yaml': shop, 'policies.yaml': annotated });
  const answer = await run(['lint', '-f', other.path]);
  assert.match(answer.out, /\n0 errors, 1 warning, 0 info, 2 ignored\n$/);
});

test('--fail-on says how grave a finding must be', async () => {
  const two = ['lint', '-f', sound.path];
  assert.equal((await run(two)).code, 1);
  assert.equal((await run([...two, '--fail-on', 'error'])).code, 0);
  assert.equal((await run([...two, '--ignore', 'WL013', '--fail-on', 'info'])).code, 0);
});

test('a page tells about a rule, by its id or its name', async () => {
  for (const word of ['wl009', 'service-port-in-policy']) {
    const { code, out } = await run(['lint', '--explain', word]);
    assert.equal(code, 0);
    assert.match(out, /^# WL009 service-port-in-policy\n\nA policy opens a Service's port/);
    assert.match(out, /This has the mistake:\n\n```yaml\napiVersion/);
  }
});

test('without manifests the lab is looked at, and nothing of what it has of itself', async () => {
  const lab = createFakeLab(await shopCluster());
  const { code, out } = await run(['lint'], lab.connection);
  assert.equal(code, 1);
  assert.equal(
    out,
    'warning WL013: Service shop/two spec.ports[1]: leads to UDP 53, which none of shop/web[Deployment] declares\n\n0 errors, 1 warning, 0 info\n',
  );
});

test('of policies without workloads only a part can be said, which is no success', async () => {
  const twice = `${mistaken}    - ports: [{ port: 9090 }]\n`;
  using other = folderOf({ 'policies.yaml': twice });
  const { code, out, err } = await run(['lint', '-f', other.path]);
  assert.equal(code, 2);
  assert.match(
    out,
    /warning WL018: .*adds nothing: spec\.ingress\[2\] allows all of it\n\n0 errors, 1 warning/,
  );
  assert.match(err, /no workload is given: the rules WL001, .* were not asked/);
});

test('manifests that select no pods, such as route tables, need no workloads beside them', async () => {
  const routes = `apiVersion: weft.dev/v1alpha1
kind: VirtualNetwork
metadata: { name: hub }
spec: { addressSpace: [10.0.0.0/16], subnets: [{ name: apps, prefix: 10.0.1.0/24, routeTable: out }] }
---
apiVersion: weft.dev/v1alpha1
kind: RouteTable
metadata: { name: out }
spec:
  routes:
    - name: all
      prefix: 0.0.0.0/0
      nextHopType: VirtualAppliance
      nextHopAddress: 10.0.2.4
`;
  using other = folderOf({ 'routes.yaml': routes });
  const { code, out, err } = await run(['lint', '-f', other.path]);
  assert.deepEqual([code, err], [1, '']);
  assert.match(
    out,
    /routes\.yaml:14: error WL034: RouteTable out spec\.routes\[0\]\.nextHopAddress: nobody .* has 10\.0\.2\.4/,
  );
});

const mistakes: readonly [what: string, words: readonly string[], complaint: RegExp][] = [
  ['an unknown rule to explain', ['--explain', 'WL999'], /there is no rule WL999\n.*WL001 policy-selects-/],
  ['an unknown rule to ignore', ['--ignore', 'nothing'], /there is no rule nothing/],
  ['an unknown severity', ['--fail-on', 'fatal'], /--fail-on must be error, warning, info, not fatal/],
  ['an unknown format', ['-o', 'junit'], /-o junit is not available here/],
];

for (const [what, words, complaint] of mistakes) {
  test(`${what} ends with 2`, async () => {
    const { code, out, err } = await lint(...words);
    assert.deepEqual([code, out], [2, '']);
    assert.match(err, complaint);
  });
}

test('docs/guide/lint.md is what the rules say (node tools/write-lint-guide.ts)', () => {
  const guide = readFileSync(new URL('../../../docs/guide/lint.md', import.meta.url), 'utf8');
  assert.equal(guide, lintGuide());
});
