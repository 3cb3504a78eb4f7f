/** The table of network models of a data centre, measured. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Comparison } from '../../src/analysis/compare/comparison.ts';
import { leftoversOf } from '../faults/weft.ts';
import { cannotSendPackets } from '../support/lab.ts';
import { weft } from '../support/weft.ts';

const name = `test-compare-${process.pid}`;

suite('weft compare hci', { skip: cannotSendPackets }, () => {
  test('measures what the document says, and leaves nothing behind', async () => {
    const { code, out, err } = await weft('compare', 'hci', '--name', name, '-o', 'json');
    assert.notEqual(out, '', err);
    const { models, rows } = JSON.parse(out) as Comparison;
    assert.deepEqual(models, ['flannel', 'calico']);
    for (const { capability, cells } of rows) {
      for (const [model, { measured, documented, probes }] of Object.entries(cells)) {
        const told = `${capability}, ${model}: ${JSON.stringify(probes)}`;
        if (measured === 'declared') assert.deepEqual(probes, [], told);
        else assert.equal(measured, documented, told);
      }
    }
    assert.equal(code, 0, err);
    for (const model of models) assert.deepEqual(leftoversOf(`${name}-${model}`), []);
  });

  test('a table that there is not is refused', async () => {
    const { code, err } = await weft('compare', 'gke');
    assert.equal(code, 2);
    assert.match(err, /Allowed choices are aks, hci/);
  });
});
