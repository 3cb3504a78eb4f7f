import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retryDelayMs } from './retry-after.ts';

const least = (): number => 0;
const most = (): number => 1;

test('a refused request waits as long as it was told, and up to half as long again', () => {
  const answer = { status: 429, retryAfter: '2' };
  assert.equal(retryDelayMs(answer, 1, least), 2000);
  assert.equal(retryDelayMs(answer, 1, most), 3000);
});

test('a time that is absurd, a date or absent is bounded by our own', () => {
  assert.equal(retryDelayMs({ status: 429, retryAfter: '999999999' }, 1, least), 30_000);
  for (const retryAfter of [undefined, '0', '-1', 'Sat, 21 Nov 2026 15:00:00 GMT', '1e9']) {
    assert.equal(retryDelayMs({ status: 429, retryAfter }, 1, most), 200);
    assert.equal(retryDelayMs({ status: 429, retryAfter }, 3, most), 800);
  }
});

test('a server that says no for ever is believed at last', () => {
  assert.equal(retryDelayMs({ status: 429, retryAfter: '1' }, 6), undefined);
});

test('only what was not looked at is repeated', () => {
  assert.equal(retryDelayMs({ status: 503, retryAfter: undefined }, 1), undefined);
  assert.ok(retryDelayMs({ status: 503, retryAfter: '1' }, 1));
  for (const status of [200, 201, 400, 403, 404, 409, 410, 422, 500, 502, 504]) {
    assert.equal(retryDelayMs({ status, retryAfter: '1' }, 1), undefined);
  }
});
