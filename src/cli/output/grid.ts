import { table } from './table.ts';

/** Rows and columns with a symbol where they cross. */
export interface Grid {
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly symbolAt: (row: string, column: string) => string;
}

/** Wider than this, columns are numbered and a legend says what the numbers are. */
const widest = 100;

export function renderGrid({ rows, columns, symbolAt }: Grid): string {
  const body = rows.map((row) => columns.map((column) => symbolAt(row, column)));
  const isWide = columns.reduce((sum, name) => sum + name.length + 2, 0) > widest;
  if (!isWide) {
    return table(
      ['', ...columns],
      body.map((symbols, index) => [rows[index] ?? '', ...symbols]),
    );
  }
  const numbers = new Map(columns.map((column, index) => [column, `${index + 1}`]));
  const numbered = table(
    ['', '', ...columns.map((column) => numbers.get(column) ?? '')],
    body.map((symbols, index) => {
      const row = rows[index] ?? '';
      return [numbers.get(row) ?? '', row, ...symbols];
    }),
  );
  const others = columns.filter((column) => !rows.includes(column));
  const legend = others.map((column) => `${numbers.get(column)} ${column}\n`).join('');
  return `${numbered}\n${legend}`;
}
