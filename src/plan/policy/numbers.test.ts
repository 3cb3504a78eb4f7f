import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddress } from '../../lib/address.ts';
import type { PortSet } from '../../model/policy/port-set.ts';
import type { RowStem } from '../../model/policy/rows.ts';
import { createClassNumbers, createPolicyNumbers } from './numbers.ts';
import { allPorts } from './skeleton.ts';

const tcp = (...ports: number[]): PortSet =>
  ports.map((port) => ({ protocol: 'TCP', first: port, last: port }));

function stem(ports: PortSet): RowStem {
  const [first, last] = ['0.0.0.0', '255.255.255.255'].map(parseAddress);
  assert.ok(first !== undefined && last !== undefined);
  return { ranges: [{ range: { first, last }, ports }], names: '', towardsNames: () => new Map() };
}

test('port groups have the numbers of what they hold, whichever comes first', () => {
  const [one, other] = [createPolicyNumbers(), createPolicyNumbers()];
  const sets = [tcp(80), tcp(443), tcp(80, 443)];
  const numbers = sets.map((ports) => one.groupOf(ports));
  other.groupOf(tcp(443));
  assert.deepEqual(
    sets.map((ports) => other.groupOf(ports)),
    numbers,
  );
  assert.equal(new Set(numbers).size, 3);
  assert.ok(!numbers.includes(allPorts) && !numbers.includes(0));
  assert.equal(one.groupOf('all'), allPorts);
});

test('two port groups whose hashes are the same have two numbers', () => {
  const numbers = createPolicyNumbers();
  // Found by trying.
  const [one, other] = [tcp(62, 159), tcp(268, 1190)].map((ports) => numbers.groupOf(ports));
  assert.equal(other, (one ?? 0) + 1);
  assert.equal(numbers.groupOf(tcp(268, 1190)), other);
});

test('rows have the numbers of what they say, and two never the same', () => {
  const [one, other] = [createPolicyNumbers(), createPolicyNumbers()];
  const [web, dns] = [stem(tcp(80)), stem(tcp(53))];
  const number = one.rowOf(web);
  assert.equal(one.rowOf(web), number);
  assert.notEqual(one.rowOf(dns), number);
  other.rowOf(stem(tcp(53)));
  assert.equal(other.rowOf(stem(tcp(80))), number);
  // Another object is another row as long as the first is there, whatever it says.
  assert.notEqual(one.rowOf(stem(tcp(80))), number);
});

const found = (
  ...pairs: (readonly [number: number, peerClass: number])[]
): ReturnType<typeof createClassNumbers> =>
  createClassNumbers(pairs.map(([number, peerClass]) => ({ number, peerClass })));

test('classes are called as they were, others as nobody was', () => {
  const classOf = found([7, 2], [7, 2], [3, 1]);
  assert.deepEqual([0, 1, 2].map(classOf), [0, 3, 7]);
  assert.equal(classOf(3), 10);
  assert.equal(found()(4), 4);
});

test('of classes that became one the larger gives it its number', () => {
  const joined = found([7, 1], [5, 1], [5, 1], [7, 1], [7, 1]);
  assert.equal(joined(1), 7);
});

test('a number whose pods are in two classes now, or gone, is given to nobody', () => {
  assert.deepEqual([1, 2].map(found([7, 1], [7, 2], [7, 2])), [8, 9]);
  assert.deepEqual([1, 2].map(found([5, 1], [5, 1], [7, 1], [7, 2], [9, 0])), [5, 11]);
});
