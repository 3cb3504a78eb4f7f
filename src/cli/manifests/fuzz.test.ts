import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { stringify } from 'yaml';
import { WeftError } from '../../lib/errors.ts';
import { loadManifests, type Manifests } from './load.ts';
import { createMemoryManifestIo } from './memory-io.ts';
import { readYamlDocuments } from './yaml-documents.ts';

/** The same inputs each time; others, for as long as WEFT_FUZZ_MS says and each property takes, where it is set. */
const timeLimitMs = Number(process.env['WEFT_FUZZ_MS'] ?? 0);
const settings =
  timeLimitMs > 0
    ? { numRuns: 100_000_000, interruptAfterTimeLimit: timeLimitMs, markInterruptAsFailure: false }
    : { numRuns: 500, seed: 20_261_122 };

const service = `apiVersion: v1
kind: Service
metadata:
  name: web
  labels: &labels
    app: web
spec:
  selector: {<<: *labels, tier: front}
  ports:
  - port: 80
    targetPort: http
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: a, namespace: shop}
spec:
  podSelector:
    matchExpressions:
    - {key: app, operator: In, values: [web, "db"]}
  ingress:
  - from:
    - ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}
    ports:
    - {port: 80, endPort: 90, protocol: TCP}
---
{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}]}
`;

/** Loads bytes as one file. What is refused is refused by a WeftError that names the file, and lines that it has. */
async function loadOrRefuse(content: string | Uint8Array, aPartWillDo: boolean): Promise<void> {
  const text = typeof content === 'string' ? content : new TextDecoder().decode(content);
  const last = text.split(/\r\n|\n|\r/).length;
  const checkLine = (line: number): void =>
    assert.ok(Number.isInteger(line) && line >= 1 && line <= last, `line ${line} of ${last}`);
  let loaded: Manifests;
  try {
    loaded = await loadManifests(['a.yaml'], createMemoryManifestIo({ 'a.yaml': content }), { aPartWillDo });
  } catch (error) {
    if (!(error instanceof WeftError)) throw error;
    assert.equal(error.fault, 'input');
    const [first = ''] = error.message.split('\n');
    const place = /^a\.yaml:(\d+): ./.exec(first);
    assert.ok(place !== null, `no file and line: ${error.message}`);
    checkLine(Number(place[1]));
    return;
  }
  for (const { line } of loaded.problems) checkLine(line);
  for (const object of loaded.objects) {
    checkLine(object.source.line);
    checkLine(object.lineOf('spec.ports[0].port'));
  }
}

const pieces = [
  ['a', 'b: ', '- ', '? ', ': ', '\n', '\n  ', '\n    ', '---\n', '...\n', '%YAML 1.2\n', '#', ' '],
  ['&a ', '*a', '<<: ', '!!str ', '!x ', '{', '}', '[', ']', ',', '"', "'", '|\n', '>-\n', '\t', '\r\n'],
  ['\u0000', '\u0085', '\u{10ffff}', '\ufeff', '\\', '0777', '1e999', '.nan', '~', 'yes', '__proto__: '],
  ['apiVersion: v1\n', 'kind: List\n', 'kind: Pod\n', 'items:\n', 'metadata: {name: a}\n', 'spec:\n'],
].flat();

test('whatever words of YAML come together, they are read, or refused by file and line', async () => {
  const text = fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((some) => some.join(''));
  await fc.assert(fc.asyncProperty(text, fc.boolean(), loadOrRefuse), settings);
});

/** Something else in the place of some bytes of good manifests. */
const damaged = fc
  .array(
    fc.record({
      at: fc.nat(service.length),
      gone: fc.nat(12),
      instead: fc.oneof(
        fc.constantFrom(...pieces).map((piece) => Buffer.from(piece)),
        fc.uint8Array({ maxLength: 4 }),
      ),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((damages) =>
    damages.reduce<Uint8Array>(
      (bytes, { at, gone, instead }) =>
        Buffer.concat([bytes.subarray(0, at), instead, bytes.subarray(at + gone)]),
      Buffer.from(service),
    ),
  );

test('good manifests with some bytes damaged are read, or refused by file and line', async () => {
  await loadOrRefuse(service, false);
  await fc.assert(fc.asyncProperty(damaged, fc.boolean(), loadOrRefuse), settings);
});

const names = ['a', 'b', '', '1', '__proto__', 'constructor', 'toString', 'true', 'é', 'a: b', '#', '- x'];
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constantFrom<unknown>(
      null,
      true,
      false,
      0,
      -1,
      1.5,
      '',
      'yes',
      '0777',
      '0x1f',
      '1e3',
      'null',
      '<<',
      ' a ',
    ),
    fc.string({ maxLength: 8, unit: 'grapheme' }),
    fc.array(tie('json'), { maxLength: 3 }),
    fc
      .uniqueArray(fc.tuple(fc.constantFrom(...names), tie('json')), {
        maxLength: 4,
        selector: ([key]) => key,
      })
      .map((entries) => Object.fromEntries(entries)),
  ),
}));

test('what was written as YAML or as JSON is read as it was, with aliases for what is the same', () => {
  const property = fc.property(json, json, (one, other) => {
    // What is in it twice is written once, with an anchor.
    const value = [one, { x: one, y: [other, one] }, other];
    const written = stringify(value, { version: '1.1' });
    for (const text of [written, JSON.stringify(value)])
      assert.deepEqual(readYamlDocuments(text, 'a.yaml')[0]?.value, value, text);
  });
  fc.assert(property, settings);
});

const many = 20_000;
const lines = (line: (index: number) => string, count = many): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('');
const configMap = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n';

/** What is large in one way, each of which once took minutes, gigabytes or the stack. */
const large: Readonly<Record<string, string>> = {
  aliases: `a: &a 1\nb:\n${lines(() => '- *a\n')}`,
  anchors: lines((index) => `- &a${index} x\n- *a${index}\n`),
  'merge keys': `a: &a {x: 1}\n${lines((index) => `b${index}: {<<: *a, y: 1}\n`)}`,
  'merge keys of merge keys': `a0: &a0 {x: 1}\n${lines((index) => `a${index + 1}: &a${index + 1} {<<: *a${index}, k${index}: 1}\n`, 2000)}`,
  'merge keys twice each': `a0: &a0 {x: 1}\n${lines((index) => `a${index + 1}: &a${index + 1} {<<: [*a${index}, *a${index}]}\n`, 60)}`,
  'lists of lists': `a0: &a0 [x]\n${lines((index) => `a${index + 1}: &a${index + 1} [*a${index}, *a${index}]\n`, 60)}`,
  keys: `${configMap}data:\n${lines((index) => `  k${index}: x\n`)}`,
  'keys with mistakes': `${configMap}data:\n${lines((index) => `  k${index}: 1\n`)}`,
  nesting: '[{a: '.repeat(many),
  'indentation without end': lines((index) => `${' '.repeat(index)}a:\n`, 2000),
  'list items in list items': '- '.repeat(many),
};

/** These take seconds each: for those who have them. */
const huge: Readonly<Record<string, () => string>> = {
  'objects with mistakes': () =>
    `apiVersion: v1\nkind: List\nitems:\n${lines(() => '- {kind: Service}\n', 130_000)}`,
  documents: () => '---\n'.repeat(100_001),
  'words and signs': () => `[${'a,'.repeat(2_500_000)}`,
};
const isLong = timeLimitMs > 0;

for (const [what, text] of Object.entries(huge)) {
  test(`manifests that are huge by their ${what} are refused by file and line`, { skip: !isLong }, () =>
    loadOrRefuse(text(), false),
  );
}

test('a file of more documents, or more words and signs, than there may be is refused by the line where it is enough', () => {
  const read = (text: string): unknown =>
    readYamlDocuments(text, 'a.yaml', { mostDocuments: 2, mostTokens: 12 });
  const refusal = (message: string) => ({ code: 'manifest-too-large', message });
  assert.throws(() => read('---\n---\n---\n'), refusal('a.yaml:4: more than 2 documents'));
  assert.throws(() => read('[a,\nb,\nc,d,e]\n'), refusal('a.yaml:3: more than 12 words and signs'));
  assert.doesNotThrow(() => read('[a,\nb]\n'));
});

for (const [what, text] of Object.entries(large)) {
  test(`manifests that are large by their ${what} are read, or refused by file and line`, () =>
    loadOrRefuse(text, false));
}
