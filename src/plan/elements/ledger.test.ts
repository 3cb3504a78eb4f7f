import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { createFakeNftables } from '../../kernel/nft/fake.ts';
import { commonClaims } from './common-claims.ts';
import { ElementLedger } from './ledger.ts';
import type { PlannedElement } from './planned-elements.ts';

const table = { family: 'ip', table: 't' } as const;
const types = { m: { key: ['mark'], value: ['mark'] } } as const;

function element(key: number, value: number): PlannedElement {
  return { set: 'm', key: [key], value: [value] };
}

test('an element that two owners claim goes with the last of them', () => {
  const ledger = new ElementLedger(table, types);
  assert.equal(ledger.set('a', [element(1, 1)]).length, 1);
  assert.deepEqual(ledger.set('b', [element(1, 1)]), []);
  assert.deepEqual(ledger.set('a', []), []);
  assert.deepEqual(
    ledger.set('b', []).map(({ action }) => action),
    ['delete'],
  );
});

test('a changed value is deleted before it is added', () => {
  const ledger = new ElementLedger(table, types);
  ledger.set('a', [element(1, 1)]);
  assert.deepEqual(
    ledger.set('a', [element(1, 2)]).map(({ action, element: { value } }) => [action, value]),
    [
      ['delete', [1]],
      ['add', [2]],
    ],
  );
});

test('owners who disagree are settled by name, whoever came first', () => {
  const ledger = new ElementLedger(table, types);
  ledger.set('b', [element(1, 2)]);
  ledger.set('a', [element(1, 1)]);
  assert.deepEqual([...ledger.elements('m')], [{ set: 'm', key: [1], value: [1] }]);
  ledger.set('a', []);
  assert.deepEqual([...ledger.elements('m')], [{ set: 'm', key: [1], value: [2] }]);
});

const wish = fc.record({
  owner: fc.constantFrom('a', 'b', 'c'),
  elements: fc.uniqueArray(fc.tuple(fc.nat(4), fc.nat(3)), { selector: ([key]) => key }),
});

test('any sequence of wishes leaves the kernel with what the ledger says, change by change or in one batch', () => {
  fc.assert(
    fc.property(fc.array(wish), fc.boolean(), (wishes, inOneBatch) => {
      const ledger = new ElementLedger(table, types);
      const nft = createFakeNftables();
      nft.run('ns', 'table ip t {\n map m { type mark : mark; }\n}\n');
      const batches = wishes.map(({ owner, elements }) =>
        ledger.set(
          owner,
          elements.map(([key, value]) => element(key, value)),
        ),
      );
      for (const batch of inOneBatch ? [batches.flat()] : batches) nft.change('ns', batch);
      const actual = nft.elements('ns', { ...table, set: 'm' }, types.m);
      assert.deepEqual(ledger.repair('m', actual), []);
    }),
  );
});

test('repair turns whatever the kernel holds into what is wanted', () => {
  const entries = fc.uniqueArray(fc.tuple(fc.nat(6), fc.nat(3)), { selector: ([key]) => key });
  fc.assert(
    fc.property(entries, entries, (present, wanted) => {
      const ledger = new ElementLedger(table, types);
      ledger.set(
        'a',
        wanted.map(([key, value]) => element(key, value)),
      );
      const nft = createFakeNftables();
      nft.run('ns', 'table ip t {\n map m { type mark : mark; }\n}\n');
      const add = (key: number, value: number) =>
        ({
          action: 'add',
          ...table,
          set: 'm',
          type: types.m,
          element: { key: [key], value: [value] },
        }) as const;
      nft.change(
        'ns',
        present.map(([key, value]) => add(key, value)),
      );
      nft.change('ns', ledger.repair('m', nft.elements('ns', { ...table, set: 'm' }, types.m)));
      assert.deepEqual(ledger.repair('m', nft.elements('ns', { ...table, set: 'm' }, types.m)), []);
    }),
  );
});

const claimed = (elements: readonly (readonly [key: number, value: number])[]): PlannedElement[] =>
  elements.map(([key, value]) => element(key, value));

test('a ledger that took over what others have in common goes on as one that was told it owner by owner', () => {
  fc.assert(
    fc.property(fc.array(wish), fc.array(wish), fc.array(wish), (before, together, after) => {
      const owned = new Map(together.map(({ owner, elements }) => [`common ${owner}`, claimed(elements)]));
      const common = commonClaims({ table, types }, owned);
      const [told, takesOver] = [new ElementLedger(table, types), new ElementLedger(table, types)];
      const nft = createFakeNftables();
      nft.run('ns', 'table ip t {\n map m { type mark : mark; }\n}\n');
      const tellBoth = (wishes: readonly { owner: string; elements: [number, number][] }[]): void => {
        for (const { owner, elements } of wishes) {
          told.set(owner, claimed(elements));
          nft.change('ns', takesOver.set(owner, claimed(elements)));
        }
      };
      tellBoth(before);
      for (const [owner, elements] of owned) told.set(owner, elements);
      nft.change('ns', takesOver.takeOver(common));
      // Withdrawn again, it must leave nothing; told otherwise, it must be what the other ledger has.
      tellBoth([...after, ...after.map(({ owner }) => ({ owner: `common ${owner}`, elements: [] }))]);
      assert.deepEqual(new Set(takesOver.elements('m')), new Set(told.elements('m')));
      const actual = nft.elements('ns', { ...table, set: 'm' }, types.m);
      assert.deepEqual(told.repair('m', actual), []);
    }),
  );
});

test('what is taken over is the same for every ledger, and stays so whatever one of them is told then', () => {
  const owned = new Map([
    ['a', claimed([[1, 1]])],
    ['b', claimed([[2, 2]])],
  ]);
  const common = commonClaims({ table, types }, owned);
  const [first, second] = [new ElementLedger(table, types), new ElementLedger(table, types)];
  const additions = first.takeOver(common);
  first.set('a', []);
  assert.equal(second.takeOver(common), additions);
  assert.deepEqual(
    [...second.elements('m')],
    claimed([
      [1, 1],
      [2, 2],
    ]),
  );
  assert.deepEqual([...first.elements('m')], claimed([[2, 2]]));
});
