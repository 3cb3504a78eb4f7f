import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from './testing/terminal.ts';

/** Names of the commands of a help page. */
const commandsIn = (page: string): string[] =>
  page
    .split('\n')
    .filter((line) => /^  [a-z]+(?:-[a-z]+)*\s{2,}/.test(line))
    .map((line) => line.trim().split(/\s/, 1)[0] ?? '')
    .filter((name) => name !== 'help');

/** The pages of all commands, by what is typed for them. */
async function pagesBelow(...words: string[]): Promise<Map<string, string>> {
  const { code, out } = await run([...words, '--help']);
  assert.equal(code, 0);
  const pages = new Map([[words.join(' '), out]]);
  if (!/ \[command\]$/m.test(out)) return pages;
  for (const name of commandsIn(out)) {
    for (const [more, page] of await pagesBelow(...words, name)) pages.set(more, page);
  }
  return pages;
}

test('every help page fits a terminal of 80 columns, without colours or defaults that say nothing', async () => {
  const pages = await pagesBelow();
  assert.ok(pages.size > 20, `${pages.size} pages`);
  assert.ok(pages.has('route add'));
  for (const [words, page] of pages) {
    const tooLong = page.split('\n').filter((line) => line.length > 80);
    assert.deepEqual(tooLong, [], words);
    assert.doesNotMatch(page, /default: (?:false|\[\])/, words);
    assert.equal(page.includes('\u001b'), false, words);
  }
});

const mistakes: readonly [words: readonly string[], complaint: string][] = [
  [['statsu'], "error: unknown command 'statsu'\n(Did you mean status?)\n(weft --help says more)\n"],
  [
    ['reach', '--nmae', 'x'],
    "error: unknown option '--nmae'\n(Did you mean --name?)\n(weft reach --help says more)\n",
  ],
  [
    ['route', 'get', 'x'],
    "error: too many arguments for 'get'. Expected 0 arguments but got 1: x.\n(weft route get --help says more)\n",
  ],
];

for (const [words, complaint] of mistakes) {
  test(`weft ${words.join(' ')} is told where to read on`, async () => {
    const { code, err } = await run(words);
    assert.equal(code, 2);
    assert.equal(err, complaint);
  });
}
