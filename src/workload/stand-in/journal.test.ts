import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createJournal, type JournalReader } from './journal.ts';

const listener = { protocol: 'TCP', port: 80 } as const;
const asked = (words: string) => ({ remote: { address: '192.0.2.1', port: 4000 }, words });

/** A journal whose clock stands, and a reader that keeps what it is told. */
function opened() {
  const told: string[] = [];
  const reader: JournalReader = {
    entry: ({ text }) => told.push(text),
    end: () => told.push('end'),
  };
  return { journal: createJournal({ now: () => 1000 }), reader, told };
}

test('of a busy pod the newest answers are kept, in their order', () => {
  const { journal } = opened();
  for (let n = 0; n < 5000; n++) journal.write('a', listener, asked(String(n)));
  const kept = journal.read('a').map(({ text }) => Number(/"(\d+)"$/.exec(text)?.[1]));
  assert.equal(kept.length, 256);
  assert.deepEqual([kept[0], kept.at(-1)], [5000 - 256, 4999]);
  assert.deepEqual(journal.read('b'), []);
});

test('what strangers say is quoted, and cut where it is long', () => {
  const { journal } = opened();
  journal.write('a', listener, asked('x"\n\u001b[2J'));
  journal.write('a', listener, asked('y'.repeat(100_000)));
  const [quoted, cut] = journal.read('a');
  assert.equal(quoted?.text, 'TCP 80 answered 192.0.2.1 port 4000: "x\\"\\n\\u001b[2J"');
  assert.ok((cut?.text.length ?? 0) < 300);
});

test('a reader is told until it leaves or the pod goes, and of this pod alone', () => {
  const { journal, reader, told } = opened();
  const leave = journal.follow('a', reader);
  journal.write('a', listener, asked('one'));
  journal.write('b', listener, asked('two'));
  leave();
  journal.write('a', listener, asked('three'));
  assert.deepEqual(told, ['TCP 80 answered 192.0.2.1 port 4000: "one"']);
  journal.follow('a', reader);
  journal.forget('a');
  assert.equal(told.at(-1), 'end');
  assert.deepEqual(journal.read('a'), []);
});
