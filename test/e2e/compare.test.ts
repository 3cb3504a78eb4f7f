/** The documents' tables of network models, measured. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Comparison } from '../../src/analysis/compare/comparison.ts';
import { leftoversOf } from '../faults/weft.ts';
import { cannotSendPackets } from '../support/lab.ts';
import { weft } from '../support/weft.ts';

const name = `test-compare-${process.pid}`;
const tables = [
  ['hci', ['flannel', 'calico']],
  ['aks', ['kubenet', 'azure-cni', 'azure-cni-overlay', 'azure-cni-cilium']],
] as const;

suite('weft compare', { skip: cannotSendPackets }, () => {
  for (const [table, columns] of tables) {
    test(`${table} measures what the document says, and leaves nothing behind`, async () => {
      const { code, out, err } = await weft('compare', table, '--name', name, '-o', 'json');
      assert.notEqual(out, '', err);
      const { models, rows } = JSON.parse(out) as Comparison;
      assert.deepEqual(models, columns);
      for (const { capability, cells } of rows) {
        for (const [model, { measured, documented, probes }] of Object.entries(cells)) {
          const told = `${capability}, ${model}: ${JSON.stringify(probes)}`;
          if (measured === 'declared') assert.deepEqual(probes, [], told);
          else assert.equal(measured, documented ?? 'yes', told);
        }
      }
      assert.equal(code, 0, err);
      for (const model of models) assert.deepEqual(leftoversOf(`${name}-${model}`), []);
    });
  }

  test('a table that there is not is refused', async () => {
    const { code, err } = await weft('compare', 'gke');
    assert.equal(code, 2);
    assert.match(err, /Allowed choices are aks, hci/);
  });
});
