import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode } from 'dns-packet';
import { questionOf } from './question.ts';

test('port 53 is asked in DNS, which another implementation understands', () => {
  const query = questionOf({ protocol: 'UDP', port: 53 });
  assert.partialDeepStrictEqual(decode(query), {
    type: 'query',
    flag_rd: true,
    questions: [{ name: '.', type: 'NS', class: 'IN' }],
    answers: [],
    additionals: [],
  });
  const framed = questionOf({ protocol: 'TCP', port: 53 });
  assert.equal(framed.readUInt16BE(0), query.length);
  assert.deepEqual(framed.subarray(2), query);
});

test('every other port is asked with a line', () => {
  for (const protocol of ['TCP', 'UDP'] as const) {
    assert.match(questionOf({ protocol, port: 54 }).toString(), /^[^\n]+\n$/);
  }
});
