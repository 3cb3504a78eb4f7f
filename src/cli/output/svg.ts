import type { ReachMatrix } from '../../analysis/reach/matrix.ts';
import { reasonLine } from './connections.ts';
import { escapeXml } from './xml.ts';

/** Pixels. */
const cell = 18;
const letter = 6.6;
const margin = 12;

const colours: Readonly<Record<string, string>> = {
  '.': '#2e8b57',
  '~': '#e0a030',
  X: '#c0392b',
  '#': '#c8ccd0',
  '?': '#7d5fb2',
};

const meanings: readonly (readonly [symbol: string, meaning: string])[] = [
  ['.', 'let through'],
  ['~', 'some of both'],
  ['X', 'blocked'],
  ['?', 'not all pods agree'],
];

/** The matrix as a picture that stands alone: rows ask, columns are asked; pointing at a cell tells its ports. */
export function renderSvg({ rows, columns, symbolAt, portsAt, reasonsAt }: ReachMatrix): string {
  const widthOf = (names: readonly string[]): number =>
    Math.ceil(Math.max(0, ...names.map((name) => name.length)) * letter) + margin;
  const left = widthOf(rows) + margin;
  const top = widthOf(columns) + margin;
  const width = Math.max(left + columns.length * cell + margin, 480);
  const height = top + rows.length * cell + 3 * margin + cell;
  const parts = [
    ...rows.map((row, index) => text(row, { x: left - 6, y: top + index * cell + 13, anchor: 'end' })),
    ...columns.map((column, index) => {
      const [x, y] = [left + index * cell + 13, top - 6];
      return `  <text x="${x}" y="${y}" transform="rotate(-90 ${x} ${y})">${escapeXml(column)}</text>\n`;
    }),
    ...rows.flatMap((row, y) =>
      columns.map((column, x) => {
        const symbol = symbolAt(row, column);
        const ports = portsAt(row, column).join(', ') || 'nothing';
        const why = reasonsAt(row, column).map((reason) => `\n${reasonLine(reason)}`);
        const title = row === column ? row : `${row} => ${column} : ${ports}${why.join('')}`;
        return square(symbol, { x: left + x * cell, y: top + y * cell, title });
      }),
    ),
    ...meanings.flatMap(([symbol, meaning], index) => {
      const [x, y] = [margin + index * 115, height - cell - margin];
      return [
        square(symbol, { x, y, title: meaning }),
        text(meaning, { x: x + cell + 4, y: y + 13, anchor: 'start' }),
      ];
    }),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="monospace" font-size="11">\n`,
    `  <rect width="${width}" height="${height}" fill="#ffffff"/>\n`,
    ...parts,
    '</svg>\n',
  ].join('');
}

function text(words: string, { x, y, anchor }: { x: number; y: number; anchor: 'start' | 'end' }): string {
  return `  <text x="${x}" y="${y}" text-anchor="${anchor}">${escapeXml(words)}</text>\n`;
}

function square(symbol: string, { x, y, title }: { x: number; y: number; title: string }): string {
  const size = cell - 2;
  const shape = `x="${x}" y="${y}" width="${size}" height="${size}" fill="${colours[symbol] ?? '#ffffff'}"`;
  return `  <rect ${shape}><title>${escapeXml(title)}</title></rect>\n`;
}
