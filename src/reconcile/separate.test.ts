import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { separate } from './separate.ts';

test('whoever is not refused is accepted, once, whoever else is refused', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(99)), fc.uniqueArray(fc.nat(99), { maxLength: 15 }), (all, bad) => {
      const accepted: number[] = [];
      const refused = separate(all, (some) => {
        const culprit = some.find((one) => bad.includes(one));
        if (culprit !== undefined) throw new Error(`not ${culprit}`);
        accepted.push(...some);
      });
      assert.deepEqual(
        accepted,
        all.filter((one) => !bad.includes(one)),
      );
      assert.deepEqual(
        [...refused],
        all.filter((one) => bad.includes(one)).map((one) => [one, `not ${one}`]),
      );
    }),
  );
});

test('where everything is refused it gives up soon', () => {
  let attempts = 0;
  const refused = separate(
    Array.from({ length: 10_000 }, (_, index) => index),
    () => {
      attempts += 1;
      throw new Error('no');
    },
  );
  assert.equal(refused.size, 10_000);
  assert.ok(attempts < 100, `${attempts} attempts`);
});
