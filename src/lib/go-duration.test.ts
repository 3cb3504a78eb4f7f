import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseGoDuration } from './go-duration.ts';

test('durations are read as Go writes them', () => {
  const cases = {
    '90s': 90_000,
    '1m30s': 90_000,
    '1.5h': 5_400_000,
    '500ms': 500,
    '0': 0,
    '0s': 0,
    '2us': 0.002,
  };
  for (const [text, ms] of Object.entries(cases)) assert.equal(parseGoDuration(text), ms, text);
});

test('what is no duration is not read', () => {
  for (const text of ['', '90', 's', '-1s', '1s ', '1d', '1s,2s', '1..5s']) {
    assert.equal(parseGoDuration(text), undefined, text);
  }
});
