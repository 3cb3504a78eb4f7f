/** The documents' tables of network models, measured. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Comparison } from '../../src/analysis/compare/comparison.ts';
import { comparisonTables } from '../../src/analysis/compare/tables.ts';
import { renderComparison } from '../../src/cli/output/compared.ts';
import { leftoversOf } from '../faults/weft.ts';
import { cannotSendPackets } from '../support/lab.ts';
import { commandsOf } from '../support/transcript.ts';
import { weft } from '../support/weft.ts';

const name = `test-compare-${process.pid}`;
const tables = [
  [
    'hci',
    ['flannel', 'calico'],
    'network-policies ipv6 layers existing-or-new-network windows pod-pod pod-vm-same-network pod-vm-other-network ' +
      'kubernetes-services load-balancer multiple-networks deployment command-line',
  ],
  [
    'aks',
    ['kubenet', 'azure-cni', 'azure-cni-overlay', 'azure-cni-cilium'],
    'vnet-existing-or-new pod-pod pod-vm-same-vnet pod-vm-peered-vnet on-premises service-endpoint expose-service ' +
      'windows-node-pools azure-dns-private-zones',
  ],
] as const;

/** What stands in a page behind a command, up to an empty line or the end of the block. */
function shownIn(page: string, command: string): string {
  const [found] = commandsOf(`docs/guide/${page}.md`).filter((one) => one.command === command);
  return found?.shown.split('\n\n')[0]?.trim() ?? assert.fail(`${page}.md does not show ${command}`);
}

suite('weft compare', { skip: cannotSendPackets }, () => {
  for (const [table, columns, capabilities] of tables) {
    test(`${table} measures what the document says, and leaves nothing behind`, async () => {
      const { code, out, err } = await weft('compare', table, '--name', name, '-o', 'json');
      assert.notEqual(out, '', err);
      const comparison = JSON.parse(out) as Comparison;
      const { models, rows } = comparison;
      assert.deepEqual(Object.keys(comparison), ['table', 'models', 'rows']);
      assert.deepEqual([comparison.table, models], [table, columns]);
      assert.equal(rows.map(({ capability }) => capability).join(' '), capabilities);
      for (const { capability, cells } of rows) {
        assert.deepEqual(Object.keys(cells), columns);
        for (const [model, cell] of Object.entries(cells)) {
          assert.deepEqual(Object.keys(cell), ['measured', 'documented', 'probes']);
          const { measured, documented, probes } = cell;
          const told = `${capability}, ${model}: ${JSON.stringify(probes)}`;
          if (measured === 'declared') assert.deepEqual(probes, [], told);
          else assert.equal(measured, documented ?? 'yes', told);
          assert.equal(probes.length > 0, measured !== 'declared', told);
        }
      }
      assert.equal(code, 0, err);
      const [printed] = renderComparison(comparison, comparisonTables[table]).split('\n\n');
      for (const page of ['models', 'compare'])
        assert.equal(shownIn(page, `weft compare ${table}`), printed?.trim(), page);
      for (const model of models) assert.deepEqual(leftoversOf(`${name}-${model}`), []);
    });
  }

  test('a table that there is not is refused', async () => {
    const { code, err } = await weft('compare', 'gke');
    assert.equal(code, 2);
    assert.match(err, /Allowed choices are aks, hci/);
  });
});
