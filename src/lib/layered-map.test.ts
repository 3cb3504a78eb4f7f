import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { LayeredMap } from './layered-map.ts';

const keys = fc.nat(5);
const step = fc.oneof(
  fc.record({ does: fc.constant('set' as const), key: keys }),
  fc.record({ does: fc.constant('delete' as const), key: keys }),
);

test('a layered map holds what a copy of the one below would, and leaves that as it is', () => {
  fc.assert(
    fc.property(fc.uniqueArray(keys), fc.array(step), (below, steps) => {
      const base = new Map(below.map((key) => [key, { key }]));
      const [copy, layered, before] = [new Map(base), new LayeredMap(base), [...base]];
      for (const { does, key } of steps) {
        const value = { key };
        if (does === 'set') copy.set(key, value);
        else copy.delete(key);
        if (does === 'set') layered.set(key, value);
        else layered.delete(key);
        for (let each = 0; each <= 5; each++) assert.equal(layered.get(each), copy.get(each));
        assert.equal(layered.isEmpty, copy.size === 0);
      }
      assert.deepEqual(new Map(layered.entries()), copy);
      assert.deepEqual([...base], before);
    }),
  );
});
