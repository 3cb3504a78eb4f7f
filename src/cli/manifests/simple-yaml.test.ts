import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import test from 'node:test';
import * as fc from 'fast-check';
import { stringify } from 'yaml';
import { WeftError } from '../../lib/errors.ts';
import type { ManifestDocument } from './document.ts';
import { readSimpleDocuments } from './simple-yaml.ts';
import { readYamlDocuments } from './yaml-documents.ts';

/** Every path into a value, as steps; not those to nulls, for an item that is nothing stands nowhere. */
function* pathsOf(value: unknown, steps: string[] = []): Generator<string[]> {
  if (value === null) return;
  yield steps;
  if (typeof value !== 'object') return;
  for (const [key, one] of Object.entries(value)) yield* pathsOf(one, [...steps, key]);
}

function fullDocuments(text: string): ManifestDocument[] | undefined {
  try {
    return readYamlDocuments(text, 'f').filter(({ value }) => value !== null);
  } catch (error) {
    assert.ok(error instanceof WeftError, String(error));
    return undefined;
  }
}

/** Where the simple reader answers, the full parser must answer the same, to the line. Whether it answered. */
function compare(text: string): boolean {
  const simple = readSimpleDocuments(text);
  if (simple === undefined) return false;
  const full = fullDocuments(text);
  assert.ok(full !== undefined, `the full parser refuses ${JSON.stringify(text)}`);
  assert.deepEqual(
    simple.map(({ value }) => value),
    full.map(({ value }) => value),
    JSON.stringify(text),
  );
  for (const [index, document] of simple.entries()) {
    const other: ManifestDocument | undefined = full[index];
    assert.equal(document.line, other?.line, JSON.stringify(text));
    for (const steps of pathsOf(document.value)) {
      assert.equal(
        document.lineOf(steps),
        other?.lineOf(steps),
        `${steps.join('.')} in ${JSON.stringify(text)}`,
      );
    }
  }
  return true;
}

const simpleTexts: Record<string, string> = {
  'maps and lists':
    'a:\n  b: c\n  d:\n  - e\n  - f: g\n    h: 1\n  -\n    i: true\n  - - j\n    - k\nl: 0.5\n',
  'comments and blank lines': '# top\n\na: b # c\n# between\n\n  # deeper\nc:   # d\n  - e#f\n  # end\n',
  'quoted text': 'a: "b: # \\"c\\" \\u00e9"\n\'d e\': \'it\'\'s\' # x\n"f": ""\n',
  nulls: 'a:\nb: null\nc: ~\nd:\n-\n- e\n',
  'flow collections': 'a: {}\nb: []\nc: ["d", e, 1, {f: g, "h": i j}]\n- x\n'.replace('- x\n', ''),
  'literal blocks': 'a: |\n  b: c\n\n   d # e\n\n\nf: |-\n    g\nh:\n  - |\n    i\n',
  'several documents': '---\na: 1\n--- # next\n---\nb: 2\n---\n# nothing\n',
  'urls, addresses, times and versions':
    'a: http://b:80/c\nd: 10.0.0.1\ne: 10.0.0.0/8\nf: 2001-01-01\ng: 1.2.3\nh: 100m\ni: -c\n',
  JSON: '{\n  "a": [1, -2.5, "b\\n", {}, []],\n  "c": {"d": null}\n}\n',
  'JSON on one line': '{"a":{"b":[{"c":1},{"d":false}]}}',
  'JSON lines that end with a carriage return': '{\r\n"a": 1,\r\n"b": [\r\n2]}',
};
for (const [name, text] of Object.entries(simpleTexts)) {
  test(`the simple reader takes ${name}`, () => assert.ok(compare(text)));
}

const otherTexts: Record<string, string> = {
  anchors: 'a: &x 1\nb: *x\n',
  tags: 'a: !!str 1\n',
  'merge keys': 'a: {b: 1}\n<<: {c: 1}\n',
  'folded blocks': 'a: >\n  b\n  c\n',
  'kept line feeds': 'a: |+\n  b\n\n',
  'lines that continue': 'a: b\n  c\n',
  tabs: 'a:\n\t- b\n',
  'a key given twice': 'a: 1\na: 2\n',
  'a key given twice in JSON': '{"a": 1, "a": 2}',
  'wrong indentation': 'a:\n   b: 1\n  c: 2\n',
  'a list below a map': 'a: 1\n- b\n',
  'numbers in other notations': 'a: 0x10\nb: 0777\nc: 1e3\nd: +1\ne: .5\n',
  'booleans in other words': 'a: yes\n',
  'colons in plain text': 'a: b: c\n',
  'keys that are not text': '1: a\n',
  'keys that JavaScript treats specially': '__proto__: {a: 1}\n',
  directives: '%YAML 1.2\n---\na: 1\n',
  'values after a separator': '--- a\n',
  scalars: 'just text\n',
  'more after JSON': '{"a": 1} x\n',
  'deep nesting': `a: ${'['.repeat(10_000)}`,
};
for (const [name, text] of Object.entries(otherTexts)) {
  test(`the simple reader leaves ${name} to the full parser`, () =>
    assert.equal(readSimpleDocuments(text), undefined));
}

const word = fc.constantFrom(
  'a',
  'name',
  'app.kubernetes.io/x',
  'true',
  'no',
  '~',
  '',
  '1',
  '0.5',
  '010',
  '- x',
  'a: b',
  'a #b',
  '#',
  '*a',
  '|',
  'a b',
  "it's",
  '"q"',
  'é',
  'a\nb',
  ' a',
  '-',
  '.inf',
  '10.0.0.0/8',
  '[',
  'x:',
  '{a}',
  '0x1F',
  '1_000',
  '12:30',
  '=',
  '<<',
  'null',
  'NaN',
  '1.',
  '-0',
  '+5',
  '\u00a0',
  'a\u2028b',
  'a\n',
  '\n\n a\n',
  'a\n \n',
  '\t',
);
const scalar = fc.oneof(
  word,
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom(0.25, 1e21, -1.5, 1e-7),
  fc.string(),
);
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(word, tie('tree'), { maxKeys: 3 }),
  ),
}));
const options = fc.record({
  indent: fc.constantFrom(2, 4),
  indentSeq: fc.boolean(),
  defaultStringType: fc.constantFrom('PLAIN' as const, 'QUOTE_DOUBLE' as const, 'QUOTE_SINGLE' as const),
  collectionStyle: fc.constantFrom('any' as const, 'flow' as const, 'block' as const),
  lineWidth: fc.constantFrom(0, 20),
});
const manifests = fc.array(fc.dictionary(word, tree, { minKeys: 1, maxKeys: 4 }), {
  minLength: 1,
  maxLength: 3,
});

test('the simple reader and the full parser agree on what is written well', () => {
  let taken = 0;
  fc.assert(
    fc.property(manifests, options, (values, style) => {
      if (compare(values.map((value) => stringify(value, style)).join('---\n'))) taken++;
    }),
    { numRuns: 500 },
  );
  assert.ok(taken > 25, `only ${taken} were simple`);
});

const pieces = [
  'a',
  'b:',
  ': ',
  '- ',
  '-',
  '\n',
  '\n  ',
  '\n    ',
  ' ',
  '#',
  ' # c',
  '"',
  "'",
  '{',
  '}',
  '[',
  ']',
  ', ',
  '|',
  '|-',
  '---\n',
  '1',
  '...',
  '&x',
  'é',
  '\\',
];
const blocks = [
  'a: b\n',
  'c:\n',
  '  d: e\n',
  '  - f\n',
  '- g: h\n',
  '  i: {j: k}\n',
  'l: |\n',
  '    m\n',
  '\n',
  '      \n',
  '# n\n',
  ' # o\n',
  '--- # p\n',
  '---#\n',
  '----\n',
  'q: "r" # s\n',
  '"t": [1, u]\n',
];

test('the simple reader and the full parser agree on what is broken', () => {
  const noise = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.constantFrom(...blocks)), { maxLength: 12 });
  const lines = fc.array(fc.constantFrom(...blocks), { maxLength: 10 });
  fc.assert(
    fc.property(fc.oneof(noise, lines), (parts) => {
      compare(parts.join(''));
    }),
    { numRuns: 3000 },
  );
});

const shared = new URL('../../../../shared/manifests/', import.meta.url);
const skip = existsSync(shared) ? false : 'the manifests in ../shared are absent';
test('the manifests of the boutique are simple', { skip }, () => {
  const files = globSync('online-boutique/**/*.yaml', { cwd: shared });
  assert.ok(files.length > 10);
  for (const file of files) assert.ok(compare(readFileSync(new URL(file, shared), 'utf8')), file);
});
