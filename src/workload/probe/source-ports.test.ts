import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SourcePorts } from './source-ports.ts';

test('ports are taken in turn, from the start and round again', () => {
  const ports = new SourcePorts(39_999);
  assert.deepEqual([ports.take(), ports.take(), ports.take()], [59_999, 20_000, 20_001]);
});

test('a released port comes last, a taken one never twice', () => {
  const ports = new SourcePorts(0);
  const all = Array.from({ length: 40_000 }, () => ports.take());
  assert.equal(new Set(all).size, 40_000);
  assert.equal(ports.take(), undefined);
  ports.release(33_333);
  assert.equal(ports.take(), 33_333);
});
