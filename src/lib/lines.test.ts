import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { WeftError } from './errors.ts';
import { createLineSplitter } from './lines.ts';

function split(chunks: readonly Uint8Array[], limit = 1000): string[] {
  const lines: string[] = [];
  const feed = createLineSplitter(limit, (line) => lines.push(line));
  for (const chunk of chunks) feed(chunk);
  return lines;
}

test('lines do not depend on how the bytes were cut', () => {
  const line = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
    .filter((text) => !/[\r\n]/.test(text));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 10 }), fc.integer({ min: 1, max: 9 }), (lines, size) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      );
      assert.deepEqual(split(chunks), lines);
    }),
  );
});

test('CRLF ends a line, empty lines are left out, the unfinished one waits', () => {
  assert.deepEqual(split([Buffer.from('a\r\n\n\r\nb\nc')]), ['a', 'b']);
});

test('a line beyond the limit is refused, finished or not', () => {
  const tooLong = (thrown: unknown): boolean =>
    thrown instanceof WeftError && thrown.code === 'line-too-long';
  assert.throws(() => split([Buffer.from('x'.repeat(11))], 10), tooLong);
  assert.throws(() => split([Buffer.from(`${'x'.repeat(11)}\n`)], 10), tooLong);
  assert.deepEqual(split([Buffer.from(`${'x'.repeat(10)}\n`)], 10), ['x'.repeat(10)]);
});

test('a line that throws does not lose the lines behind it', () => {
  const lines: string[] = [];
  const feed = createLineSplitter(100, (line) => {
    if (line === 'bad') throw new Error(line);
    lines.push(line);
  });
  assert.throws(() => feed(Buffer.from('bad\ngood\n')));
  feed(Buffer.from('more\n'));
  assert.deepEqual(lines, ['good', 'more']);
});
