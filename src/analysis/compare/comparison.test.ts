import assert from 'node:assert/strict';
import { test } from 'node:test';
import { comparisonOf, differences, type ComparisonProbe } from './comparison.ts';
import { comparisonTables, type ComparisonTable, type DecidedBy } from './tables.ts';

const probe = (begunBy: 'pod' | 'other', isAsWanted: boolean, verdict = 'allowed'): ComparisonProbe => ({
  from: 'a',
  to: 'b',
  sent: 'TCP 80',
  verdict,
  sourceSeen: null,
  begunBy,
  isAsWanted,
});

const tableOf = (decidedBy: DecidedBy, documented?: string): ComparisonTable => ({
  name: 'one',
  columns: [{ name: 'm', model: 'calico' }],
  capabilities: [{ name: 'c', decidedBy, documented: documented === undefined ? {} : { m: documented } }],
});

const cases: readonly [decidedBy: DecidedBy, probes: readonly ComparisonProbe[], measured: string][] = [
  ['directions', [probe('pod', true), probe('other', true)], 'both-ways'],
  ['directions', [probe('pod', true), probe('other', false)], 'pod-initiated'],
  ['directions', [probe('pod', false), probe('other', true)], 'initiated from outside'],
  ['directions', [probe('pod', false), probe('other', false)], 'no'],
  ['directions', [probe('pod', true), probe('pod', false), probe('other', false)], 'no'],
  ['all', [probe('pod', true), probe('other', true)], 'yes'],
  ['all', [probe('pod', true), probe('other', false)], 'no'],
  ['all', [], 'not measured'],
  ['link', [probe('pod', true, 'L2 (VxLAN)'), probe('pod', true, 'L2 (VxLAN)')], 'L2 (VxLAN)'],
  ['nothing', [], 'declared'],
];

for (const [decidedBy, probes, measured] of cases) {
  const seen = probes
    .map(({ begunBy, isAsWanted }) => `${begunBy} ${isAsWanted ? 'can' : 'cannot'}`)
    .join(', ');
  test(`a cell that ${decidedBy} decides (${seen}) says ${measured}`, () => {
    const { rows } = comparisonOf(tableOf(decidedBy), new Map([['m', new Map([['c', probes]])]]));
    assert.equal(rows[0]?.cells['m']?.measured, measured);
  });
}

test('a cell differs only where the document says something that packets can decide', () => {
  const differs = (decidedBy: DecidedBy, documented: string | undefined, works: boolean): number =>
    differences(
      comparisonOf(tableOf(decidedBy, documented), new Map([['m', new Map([['c', [probe('pod', works)]]])]])),
    ).length;
  assert.equal(differs('all', 'yes', true), 0);
  assert.equal(differs('all', 'yes', false), 1);
  assert.equal(differs('all', undefined, false), 0);
  assert.equal(differs('nothing', 'no', true), 0);
});

test('what nobody measured differs from what the document says', () => {
  assert.deepEqual(differences(comparisonOf(tableOf('all', 'yes'), new Map())), [
    { capability: 'c', model: 'm' },
  ]);
});

test('of the tables only the two cells that the document leaves blank have no documented value', () => {
  const blank = Object.values(comparisonTables).flatMap(({ columns, capabilities }) =>
    capabilities.flatMap(({ name, documented }) =>
      columns
        .filter((column) => documented[column.name] === undefined)
        .map((column) => `${column.name} ${name}`),
    ),
  );
  assert.deepEqual(blank, ['azure-cni-cilium service-endpoint', 'azure-cni-cilium azure-dns-private-zones']);
});
