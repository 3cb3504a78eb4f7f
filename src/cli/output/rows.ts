import { table } from './table.ts';

/** Rows as an aligned table, as CSV (RFC 4180 with plain line feeds) or as a Markdown table. */
export function renderRows(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  format: 'wide' | 'csv' | 'md',
): string {
  if (format === 'csv') return [head, ...rows].map((row) => `${row.map(csvCell).join(',')}\n`).join('');
  if (format === 'md') return [head, head.map(() => '---'), ...rows].map(mdRow).join('');
  return table(
    head.map((title) => title.toUpperCase()),
    rows,
  );
}

function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function mdRow(row: readonly string[]): string {
  return `| ${row.map((cell) => cell.replaceAll(/[\\|[\]]/g, String.raw`\$&`)).join(' | ')} |\n`;
}
