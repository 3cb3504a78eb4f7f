import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { withoutManagedFields } from './managed-fields.ts';

const own = fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.jsonValue()), { maxKeys: 3 });

/** In any place among the others, with anything in it. */
const metadata = fc
  .tuple(own, fc.option(fc.array(fc.jsonValue()), { nil: undefined }), own)
  .map(([before, managedFields, after]) => ({
    ...before,
    ...(managedFields !== undefined && { managedFields }),
    ...after,
  }));

test('objects are the same without them, wherever they stand and whatever is in them', () => {
  fc.assert(
    fc.property(fc.array(metadata), own, (all, spec) => {
      const items = all.map((one) => ({ metadata: one, spec }));
      const wanted = JSON.stringify({ items }, (key, value: unknown) =>
        key === 'managedFields' && Array.isArray(value) ? undefined : value,
      );
      assert.deepEqual(JSON.parse(withoutManagedFields(JSON.stringify({ items }))), JSON.parse(wanted));
    }),
  );
});

test('text that only looks like them stays', () => {
  for (const object of [
    { data: '"managedFields":[1]' },
    { '"managedFields': [1] },
    { 'a"managedFields': ['\\'], managedFields: 'x' },
    { managedFields: { a: [1] } },
  ]) {
    const json = JSON.stringify(object);
    assert.equal(withoutManagedFields(json), json);
  }
});

test('what is no JSON stays as it is', () => {
  for (const text of ['', '{"managedFields":[', '{"managedFields":["a', '{"managedFields":[[1]', 'x'])
    assert.equal(withoutManagedFields(text), text);
});
