import { differences, type Comparison } from '../../analysis/compare/comparison.ts';
import type { ComparisonTable } from '../../analysis/compare/tables.ts';
import { table as columnsOf } from './table.ts';

/** The table as people read it: what was measured, with what the document says where that is something else. */
export function renderComparison(comparison: Comparison, table: ComparisonTable): string {
  const { models, rows } = comparison;
  const differing = new Set(differences(comparison).map(({ capability, model }) => `${capability} ${model}`));
  const lines = rows.map(({ capability, cells }) => [
    capability,
    ...models.map((model) => {
      const { measured = '', documented = null } = cells[model] ?? {};
      if (measured === 'declared') return `${documented ?? '-'} (declared)`;
      return differing.has(`${capability} ${model}`)
        ? `${measured} (document: ${documented ?? ''})`
        : documented === null
          ? `${measured} (not in the document)`
          : measured;
    }),
  ]);
  const notes = table.columns.flatMap(({ name, note }) => (note === undefined ? [] : [`${name}: ${note}\n`]));
  const count = rows.flatMap(({ cells }) => Object.values(cells).flatMap(({ probes }) => probes)).length;
  const verdict =
    differing.size === 0
      ? `every measured cell is as documented (${count} probes)\n`
      : `${differing.size} cells are not as documented (${count} probes)\n`;
  return [columnsOf(['', ...models], lines), '\n', ...notes, verdict].join('');
}
