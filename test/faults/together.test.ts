/** Several commands and several labs at once. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { cannotSendPackets } from '../support/lab.ts';
import { leftoversOf, processesOf, weft, whenWhole } from './weft.ts';

const names = ['a', 'b'].map((letter) => `test-together-${letter}-${process.pid}`);
const [first = '', second = ''] = names;
const up = (name: string): ReturnType<typeof weft> => weft('up', '--name', name, '--wait');

after(() => Promise.all(names.map((name) => weft('down', '--name', name))));

test(
  'commands for one lab take turns, and two labs do not notice each other',
  { skip: cannotSendPackets },
  async () => {
    for (const { code, output } of await Promise.all([up(first), up(first), up(second)])) {
      assert.equal(code, 0, output);
    }
    for (const name of names) {
      await whenWhole(name);
      assert.equal(processesOf(name).length, 4, `${name} has one process of each role`);
    }
    const before = processesOf(second);
    const downs = await Promise.all([weft('down', '--name', first), weft('down', '--name', first)]);
    for (const { code, output } of downs) assert.equal(code, 0, output);
    assert.deepEqual(leftoversOf(first), []);
    assert.deepEqual(processesOf(second), before);
  },
);

test(
  'connections that are asked for at once get an answer each, of the lab that was asked',
  { skip: cannotSendPackets },
  async () => {
    const { code, output } = await weft('up', '-f', 'examples/two-tier', '--name', second, '--wait');
    assert.equal(code, 0, output);
    const ask = (source: string, name = second): ReturnType<typeof weft> =>
      weft('connect', source, 'svc:default/database:5432', '--name', name);
    const answers = await Promise.all([
      ...Array.from({ length: 4 }, () => ask('default/Deployment/web')),
      ask('internet'),
      ask('default/Deployment/web', first),
    ]);
    const codes = answers.map((answer) => answer.code);
    const said = answers.map((answer) => answer.output).join('\n');
    // Allowed, denied by a policy, and a lab that is not there.
    assert.deepEqual(codes, [0, 0, 0, 0, 1, 2], said);
  },
);

test('up and down at once end in one of both, whole', { skip: cannotSendPackets }, async () => {
  const [started] = await Promise.all([up(first), weft('down', '--name', first), up(second)]);
  if (processesOf(first).length > 0) await whenWhole(first);
  else assert.deepEqual(leftoversOf(first), []);
  // A lab that is taken away under a command may fail it, and it says so.
  assert.ok(started.code !== null && started.output !== '');
  await whenWhole(second);
});
