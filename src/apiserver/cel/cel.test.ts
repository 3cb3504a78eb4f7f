import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { compileExpression, type Outcome } from './program.ts';
import { listOf, mapOf, types, type CelType } from './types.ts';
import { Optional, type Value } from './values/value.ts';

const anyKind: readonly CelType['kind'][] = [
  'bool',
  'int',
  'double',
  'string',
  'list',
  'map',
  'optional',
  'uint',
  'type',
  'null',
  'timestamp',
  'duration',
  'bytes',
  'opaque',
];
const selfType: CelType = {
  kind: 'object',
  name: 'self',
  fields: new Map<string, CelType>([
    ['name', { kind: 'string', most: 10 }],
    ['size', types.int],
    ['ratio', types.double],
    ['tags', listOf({ kind: 'string', most: 10 }, 10)],
    ['labels', mapOf({ kind: 'string', most: 10 }, { kind: 'string', most: 10 }, 10)],
    ['any', types.dyn],
  ]),
};
const variables = [{ name: 'self', type: selfType }];
const self = { name: 'a', size: 3n, ratio: 0.5, tags: ['x', 'y'], labels: { k: 'v' }, any: { n: 1n } };

function run(text: string, limit = 100_000): Outcome {
  const compiled = compileExpression(text, { variables, wanted: anyKind });
  assert.ok(compiled.kind === 'program', compiled.kind === 'problem' ? compiled.message : '');
  return compiled.program.run([self], limit);
}

function valueOf(text: string): Value {
  const outcome = run(text);
  assert.ok(outcome.kind === 'value', `${text}: ${outcome.kind}`);
  return outcome.value;
}

function errorOf(text: string): string {
  const outcome = run(text);
  assert.ok(outcome.kind === 'error', text);
  return outcome.message;
}

function problemOf(text: string): string {
  const compiled = compileExpression(text, { variables, wanted: ['bool'] });
  assert.ok(compiled.kind === 'problem', text);
  return compiled.message;
}

/** Expressions that are true, by what they are about. */
const truths: Readonly<Record<string, readonly string[]>> = {
  arithmetic: [
    '1 + 2 * 3 == 7',
    '(1 + 2) * 3 == 9',
    '7 / 2 == 3',
    '-7 % 3 == -1',
    '2u + 3u == 5u',
    '1.5 + 1.5 == 3.0',
    '-(-1) == 1',
    '0x10 == 16',
    '-9223372036854775808 < 0',
  ],
  comparison: [
    "'a' < 'b'",
    '1 < 1.5',
    '2u > 1',
    'b"a" < b"b"',
    'true > false',
    '[1, 2] == [1, 2]',
    "{'a': 1} == {'a': 1}",
    "'\\U0001F600' > '\\uffff'",
  ],
  logic: [
    'true || 1 / 0 == 1',
    '1 / 0 == 1 || true',
    '!(false && 1 / 0 == 1)',
    '!(1 / 0 == 1 && false)',
    'true ? true : 1 / 0 == 1',
  ],
  fields: [
    "self.name == 'a'",
    'has(self.name)',
    "self.labels.k == 'v'",
    "self.labels['k'] == 'v'",
    "'k' in self.labels",
    'self.any.n == 1',
    '!has(self.labels.other)',
    "self.tags[1] == 'y'",
  ],
  walks: [
    "self.tags.all(t, t != 'z')",
    "self.tags.exists(t, t == 'y')",
    "self.tags.exists_one(t, t == 'y')",
    "self.tags.filter(t, t > 'x') == ['y']",
    "self.tags.map(t, t + t) == ['xx', 'yy']",
    "self.tags.map(t, t == 'x', t) == ['x']",
    "self.labels.all(k, k == 'k')",
    '[0, 1].exists(n, 1 / n == 1)',
    '!([0, 1].all(n, 1 / n == 2))',
    'self.tags.exists(i, t, i == 1 && t == "y")',
    "self.labels.all(k, v, k + v == 'kv')",
    '[1, 2].transformList(i, v, i + v) == [1, 3]',
    "{'a': 1}.transformMap(k, v, v + 1) == {'a': 2}",
  ],
  optionals: [
    "self.?name.orValue('b') == 'a'",
    '!self.labels.?x.hasValue()',
    "self.labels[?'x'].orValue('d') == 'd'",
    '[?optional.none(), 1] == [1]',
    "{?'a': optional.of(1)} == {'a': 1}",
    "self.labels.?k.optMap(v, v + '!').value() == 'v!'",
    'self.labels.?k.optFlatMap(v, optional.none()).hasValue() == false',
    "!optional.ofNonZeroValue('').hasValue()",
    "self.tags[?5].or(optional.of('q')).value() == 'q'",
  ],
  texts: [
    "'hello'.contains('ell')",
    "'hello'.startsWith('he')",
    "'hello'.endsWith('lo')",
    "size('é😀') == 2",
    "'a,b,c'.split(',') == ['a', 'b', 'c']",
    "'a,b,c'.split(',', 2) == ['a', 'b,c']",
    "'abc'.substring(1) == 'bc'",
    "'abc'.substring(0, 2) == 'ab'",
    "'tacocat'.indexOf('c') == 2",
    "'tacocat'.lastIndexOf('c') == 4",
    "'aXa'.lowerAscii() == 'axa'",
    "'a-b-c'.replace('-', '.', 1) == 'a.b-c'",
    "['a', 'b'].join('-') == 'a-b'",
    "'  x '.trim() == 'x'",
    "'abc'.charAt(1) == 'b'",
    "'%s is %d, %.2f'.format(['x', 3, 1.5]) == 'x is 3, 1.50'",
    "r'\\d' == '\\\\d'",
    "'''a\nb''' == 'a\\nb'",
  ],
  patterns: [
    "'abc123'.matches('[a-z]+[0-9]+')",
    "matches('abc', '^b') == false",
    "'abc 123'.find('[0-9]+') == '123'",
    "'1 22 333'.findAll('[0-9]+') == ['1', '22', '333']",
    "'1 22 333'.findAll('[0-9]+', 2) == ['1', '22']",
    "'ABC'.matches('(?i)abc')",
  ],
  lists: [
    '[1, 2, 2].isSorted()',
    '![2, 1].isSorted()',
    '[1, 2].sum() == 3',
    '[0.5, 0.5].sum() == 1.0',
    '[3, 1].min() == 1',
    '[3, 1].max() == 3',
    "['a', 'b'].indexOf('b') == 1",
    '[1, 2, 1].lastIndexOf(1) == 2',
    'sets.contains([1, 2], [2])',
    'sets.equivalent([1, 2], [2, 1, 1])',
    'sets.intersects([1, 2], [2, 3])',
    '[3, 1, 2].sort() == [1, 2, 3]',
    "['bb', 'a'].sortBy(x, size(x)) == ['a', 'bb']",
    '[1, 1, 2].distinct() == [1, 2]',
    '[1, 2, 3].slice(1, 3) == [2, 3]',
    '[[1], [2]].flatten() == [1, 2]',
    'lists.range(3) == [0, 1, 2]',
    '[1, 2].reverse() == [2, 1]',
    '[1, 2].first().value() == 1',
    '[1, 2].last().value() == 2',
  ],
  times: [
    "timestamp('2024-02-29T12:30:45Z').getMonth() == 1",
    "timestamp('2024-02-29T12:30:45Z').getDayOfYear() == 59",
    "timestamp('2024-01-01T23:00:00Z').getHours('+02:00') == 1",
    "timestamp('2024-07-01T00:00:00Z').getHours('Europe/Berlin') == 2",
    "duration('1h30m').getMinutes() == 90",
    "duration('1.5s').getMilliseconds() == 1500",
    "timestamp('2024-01-02T00:00:00Z') - timestamp('2024-01-01T00:00:00Z') == duration('24h')",
    "string(duration('90s')) == '90s'",
    "string(timestamp('2024-01-01T00:00:00.5Z')) == '2024-01-01T00:00:00.5Z'",
  ],
  conversions: [
    "int('42') == 42",
    'int(3.9) == 3',
    "double('1.5') == 1.5",
    "string(1) == '1'",
    "string(b'a') == 'a'",
    "bytes('a') == b'a'",
    'uint(1) == 1u',
    "bool('true')",
    'type(1) == int',
    "type('a') == string",
    'type([]) == list',
    'dyn(1) == 1.0',
  ],
  quantities: [
    "quantity('1Gi') == quantity('1024Mi')",
    "quantity('100m').isLessThan(quantity('0.2'))",
    "quantity('1k').isInteger()",
    "!quantity('1.5').isInteger()",
    "quantity('2k').asInteger() == 2000",
    "quantity('1').add(quantity('500m')).compareTo(quantity('1.5')) == 0",
    "quantity('3').sub(1).asInteger() == 2",
    "quantity('-1').sign() == -1",
    "isQuantity('1e3')",
    "!isQuantity('1 k')",
  ],
  addresses: [
    "isIP('192.0.2.1')",
    "!isIP('192.0.2.01')",
    "isIP('2001:db8::1')",
    "ip('127.0.0.1').isLoopback()",
    "ip('169.254.1.1').isLinkLocalUnicast()",
    "ip('2001:db8::1').family() == 6",
    "ip.isCanonical('2001:db8::1')",
    "!ip.isCanonical('2001:DB8::1')",
    "cidr('10.0.0.0/8').containsIP('10.1.2.3')",
    "cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16')",
    "!cidr('10.0.0.0/8').containsCIDR('0.0.0.0/0')",
    "string(cidr('10.1.2.3/8').masked()) == '10.0.0.0/8'",
    "cidr('10.0.0.0/8').prefixLength() == 8",
    "!isCIDR('10.0.0.0')",
    "ip('8.8.8.8').isGlobalUnicast()",
    "string(ip('::1')) == '::1'",
  ],
  urls: [
    "url('https://example.com:80/a/b?x=1&x=2').getHost() == 'example.com:80'",
    "url('https://example.com:80/').getPort() == '80'",
    "url('https://[::1]:80/').getHostname() == '::1'",
    "url('https://a/b c'.replace(' ', '%20')).getEscapedPath() == '/b%20c'",
    "url('https://a/?x=1&x=2').getQuery()['x'] == ['1', '2']",
    "isURL('/absolute/path')",
    "!isURL('relative')",
    "url('/a').getScheme() == ''",
  ],
  semver: [
    "semver('1.2.3').isLessThan(semver('1.10.0'))",
    "semver('1.0.0-rc.1').isLessThan(semver('1.0.0'))",
    "semver('v1.2', true).minor() == 2",
    "!isSemver('v1.0.0')",
    "isSemver('01.1', true)",
  ],
  formats: [
    "format.dns1123Label().validate('a-b') == optional.none()",
    "format.dns1123Label().validate('A').hasValue()",
    "format.named('uuid').hasValue()",
    "!format.named('nosuch').hasValue()",
    "format.date().validate('2024-13-01').hasValue()",
  ],
};

for (const [subject, expressions] of Object.entries(truths)) {
  test(`expressions about ${subject} come to what they should`, () => {
    for (const text of expressions) assert.equal(valueOf(text), true, text);
  });
}

test('what has no value is an error that says why', () => {
  assert.equal(errorOf('1 / 0 == 1'), 'division by zero');
  assert.equal(errorOf('9223372036854775807 + 1 == 0'), 'integer overflow');
  assert.equal(errorOf("self.labels.x == 'a'"), 'no such key: x');
  assert.equal(errorOf("self.tags[7] == 'a'"), 'index out of bounds: 7');
  assert.equal(errorOf("int('x') == 1"), "type conversion error from 'string' to 'int'");
  assert.equal(errorOf('[].max() == 1'), 'max called on empty list');
  assert.match(errorOf("self.any.n.contains('a')"), /^no such overload: contains/);
  assert.match(errorOf("self.name.matches('(' + self.name)"), /missing closing \)/);
});

test('what cannot be right is refused with its place, in the words of cel-go', () => {
  assert.equal(
    problemOf('self.nosuch == 1'),
    "compilation failed: ERROR: <input>:1:5: undefined field 'nosuch'\n | self.nosuch == 1\n | ....^",
  );
  assert.equal(
    problemOf("self.size == 'a'"),
    "compilation failed: ERROR: <input>:1:11: found no matching overload for '_==_' applied to '(int, string)'\n | self.size == 'a'\n | ..........^",
  );
  assert.match(problemOf('self.name.nosuch()'), /undeclared reference to 'nosuch'/);
  assert.match(problemOf('self.name.startsWith(1)'), /'startsWith' applied to 'string.\(int\)'/);
  assert.match(problemOf("[1, 'a'] == []"), /expected type 'int' but found 'string'/);
  assert.match(problemOf('self.size.all(x, true)'), /cannot be range of a comprehension/);
  assert.match(problemOf('self.tags.all(t, t)'), /expected type 'bool' but found 'string'/);
  assert.match(problemOf("duration('x') == duration('1s')"), /invalid duration argument/);
  assert.match(problemOf("self.name.matches('(')"), /invalid matches argument/);
  assert.match(problemOf('self.size +'), /<input>:1:12: Syntax error: mismatched input '<EOF>'/);
  assert.match(problemOf('has(self)'), /invalid argument to has\(\) macro/);
  assert.match(problemOf('self.tags.all(1, true)'), /argument must be a simple name/);
  assert.equal(problemOf('self.size'), 'cel expression must evaluate to a bool');
});

test('nesting and length are limited', () => {
  assert.match(problemOf(`${'('.repeat(400)}true${')'.repeat(400)}`), /recursion limit/);
  assert.match(problemOf(`${'!'.repeat(400)}true`), /recursion limit/);
  assert.match(problemOf(`'${'a'.repeat(200_000)}' == ''`), /exceeds limit/);
});

test('an evaluation ends when it costs too much, and nothing inside it goes on', () => {
  const explosive = 'self.tags.all(a, self.tags.all(b, self.tags.all(c, true || a == b)))';
  assert.equal(run(explosive, 20).kind, 'exceeded');
  assert.equal(run(`${explosive} || true`, 20).kind, 'exceeded');
  assert.equal(run(explosive).kind, 'value');
});

test('what an expression may cost grows with what its values may hold', () => {
  const costOf = (most: number | undefined): number => {
    const list = listOf({ kind: 'string', most: 5 }, most);
    const compiled = compileExpression('l.all(a, l.all(b, a == b))', {
      variables: [{ name: 'l', type: list }],
      wanted: ['bool'],
    });
    return compiled.kind === 'program' ? compiled.program.estimate : 0;
  };
  assert.ok(costOf(10) < 1000);
  assert.ok(costOf(1000) > 1_000_000);
  assert.ok(costOf(undefined) > 1e12);
});

test('the cost of an evaluation is within its estimate', () => {
  for (const text of Object.values(truths).flat()) {
    const compiled = compileExpression(text, { variables, wanted: ['bool'] });
    assert.ok(compiled.kind === 'program', text);
    const { cost } = compiled.program.run([self], 1_000_000);
    assert.ok(cost <= compiled.program.estimate, `${text}: ${cost} > ${compiled.program.estimate}`);
  }
});

test('a variable that is not there is an error only where it is used', () => {
  const compiled = compileExpression('x == 1 || true', {
    variables: [{ name: 'x', type: types.int }],
    wanted: ['bool'],
  });
  assert.ok(compiled.kind === 'program');
  assert.deepEqual([...compiled.program.used], ['x']);
  const outcome = compiled.program.run([undefined], 100);
  assert.ok(outcome.kind === 'value' && outcome.value === true);
});

const seed = Number(process.env['FUZZ_SEED'] ?? 7);

test(`any text is a program or a problem, and any program ends (seed ${seed})`, () => {
  const pieces = [
    'self',
    '.',
    'name',
    'tags',
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '1',
    "'a'",
    ' ',
    '+',
    '==',
    '&&',
    '?',
    ':',
    '.?',
    'all',
    'x',
    ',',
    'in',
    '!',
    '-',
    'size',
    'optional.of',
    'any',
    'matches',
    '%',
    '"',
  ];
  const text = fc.oneof(
    fc.string(),
    fc.array(fc.constantFrom(...pieces), { maxLength: 25 }).map((all) => all.join('')),
  );
  fc.assert(
    fc.property(text, (source) => {
      const compiled = compileExpression(source, { variables, wanted: anyKind });
      if (compiled.kind === 'problem') return;
      assert.ok(['value', 'error', 'exceeded'].includes(compiled.program.run([self], 10_000).kind));
    }),
    { numRuns: 3000, seed },
  );
});

test('an optional holds what it is given', () => {
  const found = valueOf('optional.of(self.size)');
  assert.ok(found instanceof Optional);
  assert.equal(found.value, 3n);
});
