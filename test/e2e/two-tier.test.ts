/** examples/two-tier as its README and `make demo` use it: a front end anybody reaches, a database only it reaches. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cannotSendPackets } from '../support/lab.ts';
import { weft } from '../support/weft.ts';

const example = fileURLToPath(new URL('../../examples/two-tier', import.meta.url));
const name = `test-two-tier-${process.pid}`;

suite('the two-tier example', { skip: cannotSendPackets }, () => {
  before(async () => {
    const { code, err } = await weft('up', '-f', example, '--name', name, '--wait');
    assert.equal(code, 0, err);
  });
  after(() => weft('down', '--name', name));

  const connect = async (source: string, destination: string): Promise<string> => {
    const { out, err } = await weft('connect', source, destination, '--name', name, '-o', 'json');
    assert.notEqual(out, '', err);
    return (JSON.parse(out) as { verdict: string }).verdict;
  };

  test('asking for the same again changes nothing', async () => {
    const { code, err } = await weft('up', '-f', example, '--name', name, '--wait');
    assert.equal(code, 0, err);
    assert.match(err, /8 unchanged/);
  });

  test('every packet does as predicted', async () => {
    const { code, out } = await weft('reach', '--live', '--name', name);
    assert.match(out, /^\d+ right, 0 wrong, 0 unknown, /m);
    assert.equal(code, 0);
  });

  test('the front end reaches the database, by its Service and by the name of a member', async () => {
    assert.equal(await connect('default/Deployment/web', 'svc:default/database:5432'), 'allowed');
    assert.equal(await connect('default/Deployment/web', 'default/database-1:5432'), 'allowed');
  });

  test('the outside reaches the front end by the node port of every node, and nothing else', async () => {
    for (const node of ['node-1', 'node-2', 'node-3']) {
      assert.equal(await connect('internet', `node:${node}:30080`), 'allowed', node);
    }
    assert.equal(await connect('internet', 'default/database-0:5432'), 'unreachable');
  });

  test('a port of the database that no policy opens is denied to the front end', async () => {
    assert.equal(await connect('default/Deployment/web', 'default/database-0:9187'), 'denied');
  });

  test('the prediction names the rule with its file and line', async () => {
    const { code, out } = await weft(
      'explain',
      'default/Deployment/web',
      'svc:default/database:5432',
      '-f',
      example,
    );
    assert.equal(code, 0);
    assert.match(out, /policies\.yaml:\d+/);
  });

  test('expectations can be checked with packets', async () => {
    const expectations = [
      'default/Deployment/web -> svc:default/database:5432 allowed',
      'internet -> node:node-1:30080',
    ];
    const { code, out } = await weft('test', ...expectations, '--live', '--name', name);
    assert.equal(code, 0, out);
  });
});
