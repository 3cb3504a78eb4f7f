import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createFakeLab } from '../testing/fake-lab.ts';
import { shop, shopPolicies } from '../testing/shop.ts';
import { shopCluster } from '../testing/shop-cluster.ts';
import { folderOf, run } from '../testing/terminal.ts';

const folder = folderOf({ 'shop.yaml': shop, 'policies.yaml': shopPolicies });
const expectations = folderOf({
  'all.yaml': `- shop/deploy/web -> svc:shop/api
- from: shop/db-0
  to: svc:shop/api
  expect: denied
- from: shop/sts/db
  to: svc:shop/api
  expect: not allowed
- shop/db-0 -> svc:shop/api
`,
  'broken.yaml': '- from: a/b\n  to: c/d:80\n- from: a/b\n  too: c/d:80\n',
  'unknown.yaml': '- shop/db-0 -> svc:shop/api\n- shop/db-0 -> svc:shop/nobody:80\n',
});
after(() => {
  folder[Symbol.dispose]();
  expectations[Symbol.dispose]();
});
const check = (...words: string[]): ReturnType<typeof run> => run(['test', '-f', folder.path, ...words]);

const sentences: readonly [text: string, code: 0 | 1][] = [
  ['shop/deploy/web -> svc:shop/api', 0],
  ['shop/deploy/web -> svc:shop/api:80 allowed', 0],
  ['shop/deploy/web -/-> svc:shop/api:80', 1],
  ['shop/sts/db -/-> svc:shop/api:80', 0],
  ['shop/sts/db -> svc:shop/api:80 denied', 0],
  ['shop/sts/db -> svc:shop/api:80 refused', 1],
  ['shop/deploy/web -> svc:shop/api:81 unreachable', 0],
  ['shop/deploy/web -> shop/sts/db:1 refused', 0],
  ['shop/deploy/web -/-> shop/sts/db:1', 0],
  ['internet -/-> shop/deploy/web:8080', 0],
];

for (const [text, code] of sentences) {
  test(`${text} ${code === 0 ? 'holds' : 'does not hold'}`, async () => {
    assert.equal((await check(text)).code, code);
  });
}

test('an expectation about a workload is about each of its pods', async () => {
  const onlyOne = shopPolicies.replace('app: web', 'apps.kubernetes.io/pod-index: "0"');
  using other = folderOf({ 'shop.yaml': shop, 'policies.yaml': onlyOne });
  const { code, out } = await run(['test', '-f', other.path, 'shop/sts/db -> svc:shop/api']);
  assert.equal(code, 1);
  assert.match(out, /^shop\/db-1 -> svc:shop\/api:80: expected allowed, is denied$/m);
});

test('failures say what decides and where, in a table', async () => {
  const { code, out } = await check(`${expectations.path}/all.yaml`);
  assert.equal(code, 1);
  const [, first, second, third, fourth] = out.split('\n');
  assert.match(first ?? '', /^ok +shop\/deploy\/web -> svc:shop\/api +allowed$/);
  assert.match(second ?? '', /^ok +shop\/db-0 -> svc:shop\/api denied +denied$/);
  assert.match(third ?? '', /^ok +shop\/sts\/db -\/-> svc:shop\/api +denied$/);
  assert.match(fourth ?? '', /^FAILED +shop\/db-0 -> svc:shop\/api +denied$/);
  assert.match(out, /^ {2}decided by NetworkPolicy shop\/api spec\.podSelector \(.*policies\.yaml:5\)$/m);
  assert.match(out, /^ {2}expected at .*all\.yaml:8$/m);
  assert.match(out, /\n3 passed, 1 failed of 4\n$/);
});

test('JSON has every result and the counts', async () => {
  const { out } = await check(`${expectations.path}/all.yaml`, '-o', 'json');
  const { results, summary } = JSON.parse(out) as { results: unknown[]; summary: unknown };
  assert.deepEqual(summary, { passed: 3, failed: 1, total: 4 });
  assert.partialDeepStrictEqual(results[3], {
    source: 'shop/db-0',
    destination: 'svc:shop/api:80',
    protocol: 'TCP',
    port: 80,
    expected: 'allowed',
    actual: 'denied',
    passed: false,
    reasons: [{ object: 'NetworkPolicy shop/api', rule: 'spec.podSelector', verdict: 'denied', line: 5 }],
    file: `${expectations.path}/all.yaml`,
    line: 8,
  });
});

test('JUnit has a failure with who, what and why', async () => {
  const { out } = await check(`${expectations.path}/all.yaml`, '-o', 'junit');
  assert.match(out, /<testsuite name="weft test" tests="4" failures="1" errors="0" skipped="0">/);
  assert.match(
    out,
    /<failure message="shop\/db-0 -&gt; svc:shop\/api:80: expected allowed, is denied">[^<]*NetworkPolicy shop\/api spec\.podSelector/,
  );
});

test('SARIF points at the line of the rule that decides', async () => {
  const { out } = await check(`${expectations.path}/all.yaml`, '-o', 'sarif');
  const { version, runs } = JSON.parse(out) as { version: string; runs: { results: unknown[] }[] };
  assert.equal(version, '2.1.0');
  assert.equal(runs[0]?.results.length, 1);
  assert.partialDeepStrictEqual(runs[0].results[0], {
    ruleId: 'expectation-failed',
    level: 'error',
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: `${folder.path}/policies.yaml` },
          region: { startLine: 5 },
        },
      },
    ],
  });
});

test('with --live packets decide, whatever is predicted', async () => {
  const lab = createFakeLab(await shopCluster(), { lie: () => ({ outcome: 'refused', milliseconds: 1 }) });
  const asked = [
    'test',
    '--live',
    'shop/deploy/web -> svc:shop/api refused',
    'shop/sts/db -/-> svc:shop/api',
  ];
  const { code, out } = await run(asked, lab.connection);
  assert.equal(code, 0, out);
  assert.equal(lab.sent.length, 4, 'two pods each');
  assert.equal(lab.programmed.length, 1);
});

const mistakes: readonly [what: string, words: readonly string[], complaint: RegExp][] = [
  ['a verdict that is none', ['a/b -> c/d:80 maybe'], /"maybe" is not one of/],
  ['a contradiction', ['a/b -/-> c/d:80 allowed'], /contradicts itself/],
  ['a sentence without an arrow', ['nothing'], /nothing does not exist/],
  [
    'a field that is not known',
    [`${expectations.path}/broken.yaml`],
    /broken\.yaml:3: too is not one of from, to, expect/,
  ],
  [
    'an endpoint that is not there',
    [`${expectations.path}/unknown.yaml`],
    /unknown\.yaml:2: there is no Service shop\/nobody/,
  ],
];

for (const [what, words, complaint] of mistakes) {
  test(`${what} ends with 2`, async () => {
    const { code, out, err } = await check(...words);
    assert.equal(code, 2);
    assert.equal(out, '');
    assert.match(err, complaint);
  });
}
