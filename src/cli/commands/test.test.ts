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
  'rich.yaml': `- from: { namespace: shop, podSelector: { matchLabels: { app: web } } }
  to: svc:shop/api
  port: 80
  expect: allow
  because: the shop is useless without its api
- from: shop/sts/db
  to: { namespace: shop, podSelector: { matchExpressions: [{ key: app, operator: In, values: [api] }] } }
  port: 9090
  protocol: tcp
  expect: deny
- from: pods:shop/app=db
  to: shop/deploy/api
  port: 9090
  expect: allow
  because: nobody told us
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

test('ends may be selectors, ports stand apart, and each says why it is expected', async () => {
  const { code, out } = await check(`${expectations.path}/rich.yaml`);
  assert.equal(code, 1);
  assert.match(out, /^ok +pods:shop\/app=web -> svc:shop\/api:80 +allowed$/m);
  assert.match(out, /^ok +shop\/sts\/db -> pods:shop\/app=api:9090 denied +denied$/m);
  assert.match(out, /^FAILED +pods:shop\/app=db -> shop\/Deployment\/api:9090 +denied$/m);
  assert.match(out, /^ {2}expected because nobody told us\n {2}nothing in NetworkPolicy shop\/api allows/m);
  assert.match(out, /\n2 passed, 1 failed of 3\n$/);
  const { results } = JSON.parse((await check(`${expectations.path}/rich.yaml`, '-o', 'json')).out) as {
    results: unknown[];
  };
  assert.partialDeepStrictEqual(results[2], { because: 'nobody told us', line: 11 });
});

test('JUnit says of each what was asked, expected and found, and by which rule', async () => {
  const { out } = await check(`${expectations.path}/rich.yaml`, '-o', 'junit');
  const [held = '', , broken = ''] = out.match(/<testcase [^]*?<\/testcase>/g) ?? [];
  for (const [name, value] of [
    ['source', /shop\/web-[^"]+/],
    ['destination', /svc:shop\/api:80/],
    ['port', /TCP 80/],
    ['expected', /allowed/],
    ['actual', /allowed/],
    ['rule', /NetworkPolicy shop\/api spec\.ingress\[0\] \([^"]*policies\.yaml:8\)/],
    ['because', /the shop is useless without its api/],
  ] as const) {
    assert.match(held, new RegExp(`<property name="${name}" value="${value.source}"/>`));
  }
  assert.match(broken, /<property name="actual" value="denied"\/>[^]*<failure message="shop\/db-0 -&gt; /);
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

/** Items after the first, and what is said of them with the line. */
const itemMistakes: readonly [text: string, complaint: RegExp][] = [
  ['- 7\n', /2: is no expectation/],
  ['- {}\n', /2: from is to be an endpoint, or namespace and podSelector/],
  ['- from: a/b\n  to: [c/d]\n', /3: to is to be an endpoint/],
  ['- from: a/b\n  to: c/d\n  port: 70000\n', /4: port is to be a number from 1 to 65535, or a name/],
  ['- from: a/b\n  to: c/d:80\n  port: 80\n', /4: the port is said twice: in to, and in port/],
  ['- from: a/b\n  to: c/d\n  protocol: UDP\n', /4: protocol needs a port beside it/],
  ['- from: a/b\n  to: c/d:80\n  protocol: GRE\n', /4: protocol is to be one of TCP, UDP, SCTP, ICMP/],
  ['- from: a/b\n  to: c/d:80\n  protocol: ICMP\n', /4: ICMP has no ports/],
  ['- from: a/b\n  to: c/d:80\n  expect: maybe\n', /4: "maybe" is not one of allow, deny, allowed/],
  ['- from: a/b\n  to: c/d:80\n  because: [1]\n', /4: because is to be a text/],
  [
    '- from:\n    namespace: a\n    podSelector: { matchExpressions: [{ key: b, operator: Is }] }\n  to: c/d:80\n',
    /4: podSelector\.matchExpressions\[0\]\.operator: .*"Is"/,
  ],
];
const wrongItems = folderOf(
  Object.fromEntries(
    itemMistakes.map(([text], index) => [`${index}.yaml`, `- shop/db-0 -> svc:shop/api\n${text}`]),
  ),
);
after(() => wrongItems[Symbol.dispose]());

const mistakes: readonly [what: string, words: readonly string[], complaint: RegExp][] = [
  [
    'a selector that selects nobody',
    ['pods:shop/app=none -> svc:shop/api'],
    /pods:shop\/app=none selects no pod/,
  ],
  ['a verdict that is none', ['a/b -> c/d:80 maybe'], /"maybe" is not one of/],
  ['a contradiction', ['a/b -/-> c/d:80 allowed'], /contradicts itself/],
  ['a file that is not there', ['nothing'], /nothing does not exist/],
  ['a sentence without an arrow', ['a/b > c/d:80'], /a\/b > c\/d:80: is neither a file nor has it an arrow/],
  [
    'a field that is not known',
    [`${expectations.path}/broken.yaml`],
    /broken\.yaml:4: too is not one of from, to, port, protocol, expect, because/,
  ],
  ...itemMistakes.map(([, complaint], index): (typeof mistakes)[number] => [
    `${complaint.source} of an item`,
    [`${wrongItems.path}/${index}.yaml`],
    new RegExp(`/${index}\\.yaml:${complaint.source}`),
  ]),
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
