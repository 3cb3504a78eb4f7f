import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { createFakeNftables, type FakeNftables } from '../kernel/nft/fake.ts';
import type { NftElementChange } from '../kernel/nft/port.ts';
import { commonClaims } from '../plan/elements/common-claims.ts';
import { createManagedTable, type ManagedTable } from './nft-table.ts';
import { recording, type Recorded } from '../kernel/nft/recording.ts';

const table = { family: 'ip', table: 'weft-test' } as const;
const types = { names: { key: ['ipv4_addr'], value: ['mark'] } } as const;
const skeleton = 'table ip weft-test {\n  map names { type ipv4_addr : mark; }\n}';
const [a, b, c] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];

describe('a managed table', () => {
  let kernel: FakeNftables;
  let nft: Recorded;

  beforeEach(() => {
    kernel = createFakeNftables();
    nft = recording(kernel);
  });

  const tableOf = (text = skeleton): ManagedTable =>
    createManagedTable({ nft, netns: 'node', table, types, skeleton: text, sets: () => Object.keys(types) });
  const claim = (address: string, value: number) => ({
    set: 'names' as const,
    key: [address],
    value: [value],
  });
  const change = (action: 'add' | 'delete', address: string, value: number): NftElementChange => {
    const element = claim(address, value);
    return { action, ...table, set: element.set, type: types.names, element };
  };
  const inKernel = (): Record<string, unknown> =>
    Object.fromEntries(
      kernel
        .elements('node', { ...table, set: 'names' }, types.names)
        .map(({ key, value }) => [String(key[0]), value]),
    );
  /** A table that an earlier process left, with elements for a and b. */
  const leave = (): void => {
    const earlier = tableOf();
    earlier.start();
    earlier.set('owner', [claim(a, 1), claim(b, 2)]);
    earlier.commit();
    nft.runs.length = 0;
    nft.batches.length = 0;
  };

  test('sends what is staged as one transaction, and nothing before', () => {
    const managed = tableOf();
    managed.start();
    nft.batches.length = 0;
    managed.set('one', [claim(a, 1)]);
    managed.set('two', [claim(b, 2)]);
    assert.deepEqual(inKernel(), {});
    assert.equal(managed.commit(), 2);
    assert.deepEqual(inKernel(), { [a]: [1], [b]: [2] });
    assert.equal(nft.batches.length, 1);
    assert.equal(managed.commit(), 0);
  });

  test('what several tables have in common goes in one transaction, the same one for all, beside the own', () => {
    const common = commonClaims({ table, types }, new Map([['shared', [claim(a, 1), claim(b, 2)]]]));
    const tables = ['node', 'other'].map((netns) =>
      createManagedTable({ nft, netns, table, types, skeleton, sets: () => Object.keys(types) }),
    );
    for (const managed of tables) managed.start();
    nft.batches.length = 0;
    for (const managed of tables) {
      managed.set('own', []);
      managed.takeOver(common);
      managed.set('own', [claim(c, 3)]);
      assert.equal(managed.commit(), 3);
      assert.equal(managed.repair(), 0);
    }
    const [shared, own] = [[change('add', a, 1), change('add', b, 2)], [change('add', c, 3)]];
    assert.deepEqual(nft.batches, [shared, own, shared, own]);
    assert.equal(nft.batches[0], nft.batches[2]);
    tables[0]?.set('shared', [claim(a, 7)]);
    assert.equal(tables[0]?.commit(), 3);
    assert.deepEqual(inKernel(), { [a]: [7], [c]: [3] });
    assert.equal(tables[1]?.repair(), 0);
  });

  test('whoever is refused of what several tables have in common keeps nobody else from being served', () => {
    const common = commonClaims(
      { table, types },
      new Map([
        ['bad', [claim('no address', 1)]],
        ['good', [claim(a, 1)]],
      ]),
    );
    const managed = tableOf();
    managed.start();
    managed.takeOver(common);
    managed.set('own', [claim(b, 2)]);
    assert.throws(() => managed.commit(), { code: 'elements-refused' });
    assert.deepEqual(inKernel(), { [a]: [1], [b]: [2] });
    managed.set('bad', []);
    managed.commit();
    assert.equal(managed.repair(), 0);
  });

  test('a table that is adopted with what several have in common changes by the difference only', () => {
    leave();
    const managed = tableOf();
    managed.start();
    managed.takeOver(commonClaims({ table, types }, new Map([['owner', [claim(a, 1), claim(c, 3)]]])));
    assert.equal(managed.commit(), 2);
    assert.deepEqual(nft.batches, [[change('delete', b, 2), change('add', c, 3)]]);
  });

  test('a table with the same skeleton is adopted: what stays is not touched, the rest changes in one transaction', () => {
    leave();
    const managed = tableOf();
    managed.start();
    managed.set('owner', [claim(a, 1), claim(c, 3)]);
    assert.equal(managed.commit(), 2);
    assert.deepEqual(nft.runs, []);
    assert.deepEqual(nft.batches, [[change('delete', b, 2), change('add', c, 3)]]);
  });

  test('what is left over in an adopted table goes even when there is nothing to add', () => {
    leave();
    const managed = tableOf();
    managed.start();
    managed.commit();
    assert.deepEqual(inKernel(), {});
  });

  test('a table with another skeleton is laid out anew', () => {
    leave();
    const managed = tableOf(`${skeleton}\nadd chain ip weft-test more`);
    managed.start();
    assert.equal(nft.runs.length, 1);
    assert.match(nft.runs[0] ?? '', /^delete table/);
    assert.deepEqual(inKernel(), {});
  });

  test('drift is mended: what is missing comes back, what is foreign goes, what is changed is set right', () => {
    leave();
    const managed = tableOf();
    managed.start();
    managed.set('owner', [claim(a, 1), claim(b, 2)]);
    managed.commit();
    kernel.change('node', [
      change('delete', a, 1),
      change('add', c, 9),
      change('delete', b, 2),
      change('add', b, 7),
    ]);
    assert.ok(managed.repair() > 0);
    assert.deepEqual(inKernel(), { [a]: [1], [b]: [2] });
    assert.equal(managed.repair(), 0);
  });

  test('rules that somebody flushed or added are set right, with the elements there were', () => {
    const filtering = `${skeleton}\nadd chain ip weft-test guard\nadd rule ip weft-test guard drop`;
    const managed = tableOf(filtering);
    managed.start();
    managed.grow('add chain ip weft-test more\nadd rule ip weft-test more drop');
    managed.set('owner', [claim(a, 1)]);
    managed.commit();
    assert.equal(managed.repair(), 0, 'what it grew itself is no difference');
    for (const command of ['flush chain ip weft-test guard', 'add rule ip weft-test guard accept']) {
      kernel.run('node', command);
      assert.ok(managed.repair() > 0, command);
      assert.deepEqual(kernel.rules('node', table, 'guard'), ['drop']);
      assert.deepEqual(inKernel(), { [a]: [1] });
      assert.equal(managed.repair(), 0);
    }
    kernel.run('node', 'flush chain ip weft-test guard');
    tableOf(filtering).start();
    assert.deepEqual(kernel.rules('node', table, 'guard'), ['drop'], 'also while nobody looked');
  });

  test('a change that does not fit what somebody else did is mended on the spot', () => {
    const managed = tableOf();
    managed.start();
    managed.set('owner', [claim(a, 1)]);
    managed.commit();
    kernel.change('node', [change('delete', a, 1), change('add', b, 9)]);
    managed.set('owner', [claim(b, 2)]);
    managed.commit();
    assert.deepEqual(inKernel(), { [b]: [2] });
  });

  test('what a refused transaction had is made up for by the next', () => {
    const managed = tableOf();
    managed.start();
    managed.set('one', [claim(a, 1)]);
    nft.refuse = true;
    assert.throws(() => managed.commit(), { code: 'elements-refused', message: /^one: / });
    assert.throws(() => managed.commit(), { code: 'elements-refused' });
    nft.refuse = false;
    managed.set('two', [claim(b, 2)]);
    managed.commit();
    assert.deepEqual(inKernel(), { [a]: [1], [b]: [2] });
  });

  test('whose owner is refused what it wants keeps what that had, and serves everybody else', () => {
    const managed = tableOf();
    managed.start();
    managed.set('one', [claim(a, 1)]);
    managed.commit();
    const wrong = { set: 'names' as const, key: ['nowhere'], value: [1] };
    managed.set('one', [claim(a, 3), wrong]);
    for (const [index, address] of [b, c].entries()) managed.set(`other-${index}`, [claim(address, index)]);
    assert.throws(() => managed.commit(), { code: 'elements-refused', message: /^one: .*nowhere/ });
    assert.deepEqual(inKernel(), { [a]: [1], [b]: [0], [c]: [1] });
    assert.equal(managed.repair(), 0);
    assert.throws(() => managed.commit(), { code: 'elements-refused' }, 'it is tried again');
    managed.set('one', [claim(a, 3)]);
    managed.commit();
    assert.deepEqual(inKernel(), { [a]: [3], [b]: [0], [c]: [1] });
  });

  test('an adopted table keeps all the time what stays wanted, though the first that is wanted of it is refused', () => {
    const earlier = tableOf();
    earlier.start();
    earlier.set('one', [claim(a, 1)]);
    earlier.set('two', [claim(b, 2)]);
    earlier.set('three', [claim(c, 3)]);
    earlier.commit();
    nft.batches.length = 0;
    const managed = tableOf();
    managed.start();
    const wrong = { set: 'names' as const, key: ['nowhere'], value: [1] };
    managed.set('one', [claim(a, 1)]);
    managed.set('two', [claim(b, 7), wrong]);
    assert.throws(() => managed.commit(), { code: 'elements-refused', message: /^two: .*nowhere/ });
    assert.deepEqual(nft.batches, [[change('delete', c, 3)]]);
    assert.deepEqual(inKernel(), { [a]: [1], [b]: [2] }, 'who is refused keeps what it had');
    managed.set('two', [claim(b, 7)]);
    managed.commit();
    assert.deepEqual(inKernel(), { [a]: [1], [b]: [7] });
    assert.equal(managed.repair(), 0);
  });

  test('what is refused for what is left over in an adopted table is accepted when that is gone', () => {
    const ranges = { ranges: { key: ['ipv4_addr'], interval: true } } as const;
    const text = 'table ip weft-test {\n  set ranges { type ipv4_addr; flags interval; }\n}';
    const ranged = (): ManagedTable =>
      createManagedTable({
        nft,
        netns: 'node',
        table,
        types: ranges,
        skeleton: text,
        sets: () => ['ranges'],
      });
    const range = (key: string, end: string) => ({ set: 'ranges', key: [key], keyEnd: [end] });
    const earlier = ranged();
    earlier.start();
    earlier.set('one', [range('10.0.0.0', '10.0.0.255')]);
    earlier.commit();
    const managed = ranged();
    managed.start();
    managed.set('one', [range('10.0.0.128', '10.0.1.255')]);
    managed.set('two', [range('nowhere', '10.0.9.9')]);
    assert.throws(() => managed.commit(), { code: 'elements-refused', message: /^two: / });
    const { key, keyEnd } = range('10.0.0.128', '10.0.1.255');
    const there = kernel.elements('node', { ...table, set: 'ranges' }, ranges.ranges);
    assert.deepEqual(there, [{ key, keyEnd }]);
  });

  test('cleaning up deletes the table, also twice', () => {
    leave();
    const managed = tableOf();
    managed.cleanup();
    managed.cleanup();
    assert.deepEqual(kernel.tables('node', 'ip'), []);
  });
});
