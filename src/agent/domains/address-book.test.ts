import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock, type FakeClock } from '../../lib/fake-clock.ts';
import { createAddressBook, mostAddresses, type AddressBook } from './address-book.ts';

const name = 'www.example.com';

function open(clock: FakeClock = createFakeClock(1_000_000)): {
  book: AddressBook;
  clock: FakeClock;
  changes: string[];
} {
  const changes: string[] = [];
  const book = createAddressBook({
    clock,
    onChange: (changed) => void changes.push(`${changed}: ${book.addressesOf(changed).join()}`),
  });
  return { book, clock, changes };
}

test('an address counts for as long as the longest of what was said of it', async () => {
  const { book, clock, changes } = open();
  book.learn(name, ['203.0.113.1'], 10_000);
  await clock.advance(5000);
  book.learn(name, ['203.0.113.1', '203.0.113.2'], 10_000);
  book.learn(name, ['203.0.113.1'], 1000);
  await clock.advance(9999);
  assert.deepEqual(book.addressesOf(name), ['203.0.113.1', '203.0.113.2']);
  await clock.advance(1);
  assert.deepEqual(book.addressesOf(name), []);
  assert.deepEqual(changes.slice(0, 2), [`${name}: 203.0.113.1`, `${name}: 203.0.113.1,203.0.113.2`]);
  assert.equal(changes.at(-1), `${name}: `);
});

test('a name that is said again changes nothing', () => {
  const { book, changes } = open();
  for (let i = 0; i < 5; i++) book.learn(name, ['203.0.113.1'], 10_000 + i);
  assert.equal(changes.length, 1);
});

test('the names of an address are remembered when its time is up', async () => {
  const { book, clock } = open();
  book.learn(name, ['203.0.113.1'], 1000);
  await clock.advance(2000);
  assert.deepEqual(book.namesAt('203.0.113.1'), [name]);
  assert.deepEqual(book.namesAt('203.0.113.2'), []);
});

test('another process starts with what is still good, and knows what was', async () => {
  const before = open();
  before.book.learn(name, ['203.0.113.1'], 1000);
  before.book.learn(name, ['203.0.113.2'], 60_000);
  await before.clock.advance(2000);
  const kept = [...before.book.entries()];
  before.book.stop();
  assert.equal(before.clock.pending, 0);
  const after = open(before.clock);
  after.book.restore(kept);
  assert.deepEqual(after.book.addressesOf(name), ['203.0.113.2']);
  assert.deepEqual(after.book.namesAt('203.0.113.1'), [name]);
  await after.clock.advance(58_000);
  assert.deepEqual(after.book.addressesOf(name), []);
});

test('a name with more addresses than can be kept changes nothing', () => {
  const { book } = open();
  book.learn(name, ['203.0.113.1'], 1000);
  const many = Array.from({ length: mostAddresses.ofName }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
  assert.throws(() => book.learn(name, many, 1000), { code: 'domain-addresses-too-many' });
  assert.deepEqual(book.addressesOf(name), ['203.0.113.1']);
});
