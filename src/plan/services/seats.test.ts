import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { ServiceEndpoint } from '../../model/services/port.ts';
import { createSeats } from './seats.ts';

const endpoint = (number: number): ServiceEndpoint => ({
  address: `10.244.0.${number}`,
  port: 8080,
  nodeName: undefined,
  pod: undefined,
});
const endpoints = (...numbers: number[]): ServiceEndpoint[] => numbers.map(endpoint);

test('an endpoint that comes between others takes the next slot, and who takes that of one that goes was last', () => {
  const seats = createSeats();
  assert.deepEqual(seats.take('web', endpoints(2, 4, 6)), endpoints(2, 4, 6));
  assert.deepEqual(seats.take('web', endpoints(1, 2, 4, 6)), endpoints(2, 4, 6, 1));
  assert.deepEqual(seats.take('web', endpoints(1, 4, 6)), endpoints(1, 4, 6));
  assert.deepEqual(seats.take('web', endpoints(1, 5, 6)), endpoints(1, 5, 6));
  assert.deepEqual(seats.take('other', endpoints(5, 1)), endpoints(5, 1));
});

test('whatever comes and goes, everybody has one slot, and no more slots change than endpoints did', () => {
  const set = fc.uniqueArray(fc.nat(9));
  fc.assert(
    fc.property(fc.array(set, { minLength: 1 }), (sets) => {
      const seats = createSeats();
      let before: readonly ServiceEndpoint[] = [];
      for (const numbers of sets) {
        const after = seats.take('web', endpoints(...numbers));
        const addresses = (list: readonly ServiceEndpoint[]): string[] => list.map(({ address }) => address);
        assert.deepEqual(addresses(after).toSorted(), addresses(endpoints(...numbers)).toSorted());
        const [old, now] = [new Set(addresses(before)), new Set(addresses(after))];
        const changed = after.filter(({ address }, slot) => before[slot]?.address !== address).length;
        const [came, went] = [now.difference(old).size, old.difference(now).size];
        assert.ok(
          changed <= Math.max(came, went),
          `${changed} slots for ${came} that came, ${went} that went`,
        );
        before = after;
      }
    }),
  );
});
