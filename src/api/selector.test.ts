import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { WeftError } from '../lib/errors.ts';
import { matchesSelector, parseFieldSelector, parseLabelSelector, selectorKey } from './selector.ts';
import type { LabelSelector } from './types/meta.ts';

const labels = { app: 'web', tier: 'front' };

const cases: [LabelSelector | undefined, boolean, string][] = [
  [{}, true, 'an empty selector selects everything'],
  [undefined, false, 'an absent selector selects nothing'],
  [{ matchLabels: { app: 'web' } }, true, 'a label that agrees selects'],
  [{ matchLabels: { app: 'web', tier: 'back' } }, false, 'every label must agree'],
  [{ matchLabels: { toString: 'x' } }, false, 'names of object methods are not labels'],
  [
    { matchExpressions: [{ key: 'app', operator: 'In', values: ['api', 'web'] }] },
    true,
    'In takes any of its values',
  ],
  [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] }, false, 'In needs the key'],
  [
    { matchExpressions: [{ key: 'zone', operator: 'NotIn', values: ['a'] }] },
    true,
    'NotIn holds without the key',
  ],
  [
    { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] },
    false,
    'NotIn excludes its values',
  ],
  [{ matchExpressions: [{ key: 'app', operator: 'Exists' }] }, true, 'Exists needs only the key'],
  [
    { matchExpressions: [{ key: 'constructor', operator: 'Exists' }] },
    false,
    'Exists does not see inherited names',
  ],
  [
    { matchExpressions: [{ key: 'zone', operator: 'DoesNotExist' }] },
    true,
    'DoesNotExist holds without the key',
  ],
  [
    { matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] },
    false,
    'DoesNotExist fails with the key',
  ],
  [
    { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'tier', operator: 'In', values: ['back'] }] },
    false,
    'labels and expressions must both hold',
  ],
];
for (const [selector, expected, name] of cases) {
  test(name, () => assert.equal(matchesSelector(selector, labels), expected));
}

test('the string form means what its parts say', () => {
  const yes = [
    '',
    'app',
    'app=web',
    'app==web',
    'app != api',
    'app in (web, api),!zone',
    'zone notin (a)',
    'zone!=a',
  ];
  const no = ['!app', 'app=api', 'zone in (a)', 'app notin (web)', 'app=web,zone', 'app='];
  for (const text of yes) assert.ok(matchesSelector(parseLabelSelector(text), labels), text);
  for (const text of no) assert.ok(!matchesSelector(parseLabelSelector(text), labels), text);
});

test('a string form that is broken is refused', () => {
  for (const text of ['a=b=c', 'a in b', 'a in (b', ',', 'a,', 'a b', '=b', 'a>1', '!', 'a in ((b))']) {
    assert.throws(
      () => parseLabelSelector(text),
      (error) => error instanceof WeftError && error.code === 'invalid-selector',
      text,
    );
  }
});

test('field selectors give path, sense and value', () => {
  assert.deepEqual(parseFieldSelector('metadata.name=a,spec.nodeName!=b\\,c'), [
    { path: 'metadata.name', equal: true, value: 'a' },
    { path: 'spec.nodeName', equal: false, value: 'b,c' },
  ]);
  assert.deepEqual(parseFieldSelector(' '), []);
  assert.deepEqual(parseFieldSelector('status.phase='), [{ path: 'status.phase', equal: true, value: '' }]);
  for (const text of ['a', '=b', 'a=b=c']) assert.throws(() => parseFieldSelector(text), WeftError, text);
});

const name = fc.constantFrom('a', 'b', 'c');
const requirement = fc.record({
  key: name,
  operator: fc.constantFrom('In' as const, 'NotIn' as const, 'Exists' as const, 'DoesNotExist' as const),
  values: fc.array(name, { minLength: 1, maxLength: 3 }),
});
const selectors = fc.record({
  matchLabels: fc.dictionary(name, name),
  matchExpressions: fc.array(requirement, { maxLength: 3 }),
});

test('order does not change the key of a selector', () => {
  fc.assert(
    fc.property(selectors, (selector) => {
      const turned: LabelSelector = {
        matchLabels: Object.fromEntries(Object.entries(selector.matchLabels).toReversed()),
        matchExpressions: selector.matchExpressions
          .map((term) => ({ ...term, values: term.values.toReversed() }))
          .toReversed(),
      };
      assert.equal(selectorKey(turned), selectorKey(selector));
    }),
  );
});

test('selectors with the same key select the same labels', () => {
  const tables = fc.dictionary(name, name);
  fc.assert(
    fc.property(selectors, tables, (selector, table) => {
      const again = parseLabelSelector(selectorKey(selector));
      assert.equal(matchesSelector(again, table), matchesSelector(selector, table));
    }),
  );
  assert.equal(
    selectorKey({ matchLabels: { a: 'b' } }),
    selectorKey({ matchExpressions: [{ key: 'a', operator: 'In', values: ['b', 'b'] }] }),
  );
});
