import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { WeftError } from '../../lib/errors.ts';
import { loadManifests, type Manifests } from './load.ts';
import { createMemoryManifestIo } from './memory-io.ts';
import { createNodeManifestIo } from './node-io.ts';
import { Readable } from 'node:stream';

const load = (files: Record<string, string | Uint8Array>, ...paths: string[]): Promise<Manifests> =>
  loadManifests(paths.length === 0 ? ['.'] : paths, createMemoryManifestIo(files));

/** The error of loading one file, `a.yaml`. */
async function errorOf(text: string | Uint8Array): Promise<WeftError> {
  const error: unknown = await load({ 'a.yaml': text }, 'a.yaml').then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof WeftError, String(error));
  assert.equal(error.fault, 'input');
  return error;
}

const service = 'apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n';
const policy =
  'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: web\n  namespace: shop\nspec:\n';
const pod = 'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n';

/** Broken manifests, and the whole message. */
const broken: Record<string, [text: string, message: string]> = {
  'a port out of range': [
    `${service}spec:\n  ports:\n  - port: 70000\n`,
    'a.yaml:7: Service web: spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive\n' +
      'a.yaml:7: Service web: spec.ports[0].targetPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
  ],
  'a port that is text': [
    `${service}spec:\n  ports:\n  - port: "80"\n`,
    'a.yaml:7: Service web: spec.ports[0].port: Invalid value: "80": must be an integer',
  ],
  'an unknown field': [
    `${service}spec:\n  prots:\n  - port: 80\n`,
    'a.yaml:6: Service web: unknown field "spec.prots", did you mean "ports"?\na.yaml:5: Service web: spec.ports: Required value',
  ],
  'an unknown field unlike any other': [
    `${service}  zzzzzz: 1\nspec:\n  ports:\n  - port: 80\n`,
    'a.yaml:5: Service web: unknown field "metadata.zzzzzz"',
  ],
  'a broken CIDR': [
    `${policy}  podSelector: {}\n  ingress:\n  - ports:\n    - port: 80\n    from:\n    - ipBlock:\n        cidr: 10.0.0.0/33\n`,
    'a.yaml:13: NetworkPolicy shop/web: spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "10.0.0.0/33": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
  ],
  'a label that is a number': [
    `${service}  labels:\n    a.b/c: 1\nspec:\n  ports:\n  - port: 80\n`,
    'a.yaml:6: Service web: metadata.labels[a.b/c]: Invalid value: 1: must be a string',
  ],
  'a boolean in other words where text is wanted': [
    `${pod}  - name: c\n    env:\n    - name: A\n      value: yes\n`,
    'a.yaml:9: Pod web: spec.containers[0].env[0].value: Invalid value: true: must be a string',
  ],
  'a missing field': [`${pod}  - image: c\n`, 'a.yaml:6: Pod web: spec.containers[0].name: Required value'],
  'no name': [
    'apiVersion: v1\nkind: ConfigMap\n',
    'a.yaml:1: ConfigMap: metadata.name: Required value: name or generateName is required',
  ],
  'a name to be generated': [
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  generateName: a-\n',
    'a.yaml:3: ConfigMap: metadata.name: Required value: a manifest names its object; generateName is not enough',
  ],
  'no kind': [
    '\n# values\nreplicas: 1\n',
    'a.yaml:3: not a Kubernetes object: apiVersion and kind are required',
  ],
  'a list instead of an object': [
    '- a\n',
    'a.yaml:1: not a Kubernetes object: apiVersion and kind are required',
  ],
  'a misspelt kind': [
    `apiVersion: v1\nkind: Serivce\nmetadata:\n  name: a\n`,
    'a.yaml:2: Serivce a: no kind Serivce in v1, did you mean "Service"?',
  ],
  'a version that no longer exists': [
    `apiVersion: extensions/v1beta1\nkind: NetworkPolicy\nmetadata:\n  name: a\n`,
    'a.yaml:1: NetworkPolicy a: apiVersion: no NetworkPolicy in extensions/v1beta1: it is in networking.k8s.io/v1',
  ],
  'a key given twice': [`${service}spec: {}\nspec: {}\n`, 'a.yaml:6: Map keys must be unique'],
  'wrong indentation': ['a:\n   b: 1\n  c: 2\n', 'a.yaml:3: All mapping items must start at the same column'],
  'an alias without anchor': [
    'a: *b\n',
    'a.yaml:1: Unresolved alias (the anchor must be set before the alias): b',
  ],
  'a second document that is broken': [
    `${service}spec: {ports: [{port: 80}]}\n---\na: "b\n`,
    'a.yaml:7: Missing closing "quote',
  ],
  'an object given twice': [
    `${service}spec: {ports: [{port: 80}]}\n---\n${service}  namespace: default\nspec: {ports: [{port: 80}]}\n`,
    'a.yaml:7: Service default/web: is already given at a.yaml:1',
  ],
  'an item of a list': [
    `apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata:\n    name: web\n  spec:\n    ports:\n    - port: 0\n`,
    'a.yaml:10: Service web: spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive\n' +
      'a.yaml:10: Service web: spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive',
  ],
};
for (const [name, [text, message]] of Object.entries(broken)) {
  test(`refuses ${name}, naming file and line`, async () => {
    const error = await errorOf(text);
    assert.equal(error.message, message);
    assert.equal(error.code, 'invalid-manifest');
  });
}

test('lists many problems, but not all of very many', async () => {
  const text = Array.from(
    { length: 30 },
    (_, i) => `apiVersion: v1\nkind: Service\nmetadata: {name: s${i}}\n`,
  ).join('---\n');
  const { message } = await errorOf(text);
  assert.equal(message.split('\n').length, 21);
  assert.match(message, /and 10 more$/);
});

test('an alias bomb is refused', async () => {
  const levels = Array.from(
    { length: 9 },
    (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(',')}]`,
  );
  const { message } = await errorOf(`a0: &a0 [x]\n${levels.join('\n')}\n`);
  assert.match(message, /^a\.yaml:\d+: aliases add more than 100000 values to what is written$/);
});

for (const [what, text, line] of [
  ['in a map', 'kind: A\nmetadata: &m\n  labels: *m\n', 3],
  ['in a list', 'kind: A\nspec: &s\n  - a\n  - *s\n', 4],
  ['far below', 'kind: A\nspec: &s\n  a:\n    b: [{ c: *s }]\n', 4],
] as const) {
  test(`an alias that is a part of what it stands for is refused: ${what}`, async () => {
    const { message } = await errorOf(text);
    assert.match(message, new RegExp(`^a\\.yaml:${line}: the alias \\*. is a part of what it stands for$`));
  });
}

test('policies of other networks are told with their place, and what is in doubt because of them', async () => {
  const foreign = (apiVersion: string, kind: string): string =>
    `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: p, namespace: shop }\nspec: {}\n`;
  const files = {
    'a.yaml': [
      foreign('cilium.io/v2', 'CiliumNetworkPolicy'),
      foreign('cilium.io/v2', 'CiliumLoadBalancerIPPool'),
      foreign('crd.projectcalico.org/v1', 'NetworkPolicy'),
    ].join('---\n'),
    'b.yaml': foreign('projectcalico.org/v3', 'GlobalNetworkPolicy'),
  };
  const { problems } = await load(files, 'a.yaml', 'b.yaml');
  assert.deepEqual(
    problems.map(({ file, line, what, doubtIn }) => [`${file}:${line}: ${what}`, doubtIn]),
    [
      [
        'a.yaml:1: CiliumNetworkPolicy shop/p: policies of cilium.io are not understood',
        { namespace: 'shop' },
      ],
      [
        'a.yaml:11: NetworkPolicy shop/p: policies of crd.projectcalico.org are not understood',
        { namespace: 'shop' },
      ],
      [
        'b.yaml:1: GlobalNetworkPolicy shop/p: policies of projectcalico.org are not understood',
        'everywhere',
      ],
    ],
  );
});

test('nesting that exhausts the stack is refused', async () => {
  const { message } = await errorOf(`a: ${'['.repeat(100_000)}`);
  assert.match(message, /^a\.yaml:1: is nested too deep/);
});

test('text that is not UTF-8 is refused', async () => {
  const { code, message } = await errorOf(Uint8Array.of(97, 58, 10, 0xc3, 0x28, 10));
  assert.equal(code, 'manifest-not-utf8');
  assert.equal(message, 'a.yaml:2: is not UTF-8 text');
});

test('paths that lead nowhere are refused', async () => {
  await assert.rejects(load({}, 'b.yaml'), { code: 'manifest-not-found', message: 'b.yaml does not exist' });
  await assert.rejects(load({ 'c/readme.md': '' }, 'c'), { code: 'manifest-not-found' });
  const io = createNodeManifestIo({ stdin: () => Readable.from(['a'.repeat(17 * 1024 * 1024)]) });
  await assert.rejects(loadManifests(['/nonexistent/a'], io), { code: 'manifest-not-found' });
  await assert.rejects(loadManifests(['-'], io), {
    code: 'manifest-too-large',
    message: 'stdin is larger than 16 MiB',
  });
  await assert.rejects(loadManifests(['/dev/zero'], io), { code: 'manifest-too-large' });
});

const configMap = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;

test('folders are read recursively, in order, manifests only', async () => {
  const files = {
    'app/b.yml': configMap('b'),
    'app/a.yaml': configMap('a'),
    'app/sub/c.json': '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}',
    'app/.git/x.yaml': 'broken: [',
    'app/readme.md': 'broken: [',
    'other/any.txt': configMap('d'),
    '-': configMap('e'),
  };
  const { objects } = await load(files, 'app', 'other/any.txt', '-');
  assert.deepEqual(
    objects.map(({ object, source }) => `${object.metadata.name} ${source.file}`),
    ['a app/a.yaml', 'b app/b.yml', 'c app/sub/c.json', 'd other/any.txt', 'e stdin'],
  );
});

test('namespaces are filled in where a kind has them', async () => {
  const text = [
    `${service}spec: {ports: [{port: 80}]}\n`,
    `${policy}  podSelector:\n`,
    'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, namespace: x}\n',
  ].join('---\n');
  const { objects } = await load({ 'a.yaml': text }, 'a.yaml');
  assert.deepEqual(
    objects.map(({ object }) => object.metadata),
    [{ name: 'web', namespace: 'default' }, { name: 'web', namespace: 'shop' }, { name: 'shop' }],
  );
});

test('lists are taken apart, with the lines of their items', async () => {
  const typed = `apiVersion: v1\nkind: ConfigMapList\nitems:\n- metadata:\n    name: a\n- metadata: {name: b}\n`;
  const list = `---\nkind: List\napiVersion: v1\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: c}}\n`;
  const { objects } = await load({ 'a.yaml': typed + list }, 'a.yaml');
  assert.deepEqual(
    objects.map((one) => [
      one.object.kind,
      one.object.metadata.name,
      one.source.line,
      one.lineOf('metadata.name'),
    ]),
    [
      ['ConfigMap', 'a', 4, 5],
      ['ConfigMap', 'b', 6, 6],
      ['Secret', 'c', 11, 11],
    ],
  );
});

test('what is not interpreted is left out and counted by kind', async () => {
  const others = ['Widget', 'Role', 'Widget'].map((kind, i) => {
    const apiVersion = kind === 'Role' ? 'rbac.authorization.k8s.io/v1' : 'example.com/v1';
    return `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: w${i}}\n`;
  });
  const { objects, ignored } = await load({ 'a.yaml': [configMap('a'), ...others].join('---\n') }, 'a.yaml');
  assert.deepEqual(ignored, [
    { kind: 'Widget', count: 2 },
    { kind: 'Role', count: 1 },
  ]);
  assert.equal(objects.length, 1);
});

test('the line of every field is known, whichever parser read the file', async () => {
  const rules =
    '  ingress:\n  # first\n  - from:\n    - podSelector: {}\n\n    ports: [{port: 80},\n      {port: 81}]\n  - {}\n';
  const simpler = rules.replace(',\n      {', ', {');
  for (const [text, secondRule] of [[rules, 15] as const, [simpler, 14] as const]) {
    const { objects } = await load({ 'a.yaml': `# policy\n${policy}${text}` }, 'a.yaml');
    const [loaded] = objects;
    assert.ok(loaded !== undefined);
    const lineOf = (path: string): number => loaded.lineOf(path);
    assert.equal(loaded.source.line, 2);
    assert.equal(lineOf('spec.ingress[0]'), 10);
    assert.equal(lineOf('spec.ingress[0].from[0].podSelector'), 11);
    assert.equal(lineOf('spec.ingress[0].ports[0]'), 13);
    assert.equal(lineOf('spec.ingress[1]'), secondRule);
    assert.equal(lineOf('spec.egress[0]'), 7, 'the nearest field above that exists');
    assert.equal(lineOf(''), 2);
  }
});

test('anchors and merge keys mean what they say, and have the lines of their anchors', async () => {
  const text = `${service}  labels: &l\n    app: web\nspec:\n  selector:\n    <<: *l\n  ports: [{port: 80}]\n---\n${configMap('c')}  labels: *missing\n`;
  const { objects } = await load({ 'a.yaml': text.replace('*missing', '{}') }, 'a.yaml');
  assert.deepEqual((objects[0]?.object as { spec?: unknown } | undefined)?.spec, {
    selector: { app: 'web' },
    ports: [{ port: 80 }],
  });
  assert.equal(objects[0]?.lineOf('spec.selector'), 8);
  assert.equal(objects[0]?.lineOf('spec.selector[app]'), 8);
});

const boutique = new URL('../../../../shared/manifests/online-boutique', import.meta.url);
const skip = existsSync(boutique) ? false : 'the manifests in ../shared are absent';
test('the boutique loads without a problem', { skip }, async () => {
  const io = createNodeManifestIo({ stdin: () => Readable.from([]) });
  const { objects, ignored } = await loadManifests([fileURLToPath(boutique)], io);
  const counts = Map.groupBy(objects, ({ object }) => object.kind);
  assert.deepEqual(
    [...counts].map(([kind, list]) => [kind, list.length]),
    [
      ['Deployment', 12],
      ['Service', 12],
      ['ServiceAccount', 11],
      ['NetworkPolicy', 13],
    ],
  );
  assert.deepEqual(ignored, []);
});
