import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProgress } from './progress.ts';

async function lineOf(isTerminal: boolean, env: Record<string, string>): Promise<string> {
  let text = '';
  const progress = createProgress({ err: (more) => void (text += more), now: () => 0, isTerminal, env });
  await progress.phase('working', () => Promise.resolve());
  await assert.rejects(progress.phase('failing', () => Promise.reject(new Error('no'))));
  return text;
}

test('a terminal shows ticks and crosses in colour', async () => {
  const text = await lineOf(true, { TERM: 'xterm' });
  assert.ok(text.includes('\u001b[32m✓\u001b[0m working'));
  assert.ok(text.includes('\u001b[31m✗\u001b[0m failing'));
});

for (const [what, isTerminal, env] of [
  ['without a terminal', false, { TERM: 'xterm' }],
  ['where NO_COLOR says so', true, { TERM: 'xterm', NO_COLOR: '1' }],
  ['on a terminal that knows none', true, { TERM: 'dumb' }],
] as const) {
  test(`nothing is coloured ${what}`, async () => {
    const text = await lineOf(isTerminal, env);
    assert.ok(!text.includes('\u001b'));
    assert.match(text, /✓ working/);
  });
}
