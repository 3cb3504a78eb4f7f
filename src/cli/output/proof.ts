import type { Proof, ProvedCell } from '../live/prove.ts';
import { describeResult, verdictOf } from '../live/measured.ts';
import { destinationOf, type ProofReport, type WrongCell } from '../live/report.ts';
import { formatReason } from '../reasons.ts';
import type { JunitCase } from './junit.ts';
import { renderMatrix } from './matrix.ts';
import { renderRows } from './rows.ts';

export interface ProofFormat {
  readonly format: 'table' | 'wide' | 'csv' | 'md' | 'junit';
  /** Pods instead of workloads in the matrix. */
  readonly pods: boolean;
}

/** A proof for people (`table`, `wide`), for spreadsheets and for test reports. */
export async function renderProof(
  proof: Proof,
  report: ProofReport,
  { format, pods }: ProofFormat,
): Promise<string> {
  if (format === 'table') return renderMatrix(proof, { pods }) + renderFindings(report) + countsLine(report);
  if (format === 'junit') {
    const { renderJunit } = await import('./junit.ts');
    return renderJunit('weft reach --live', [...casesOf(proof, report), ...ignoredCases(report)]);
  }
  const rows = renderRows(cellHead, proof.cells.map(cellRow), format);
  return format === 'wide' ? rows + renderFindings(report) + countsLine(report) : rows;
}

const cellHead = ['source', 'destination', 'predicted', 'actual', 'result', 'ms', 'note'];

function cellRow({ cell, result, judgement }: ProvedCell): string[] {
  return [
    cell.source,
    destinationOf(cell),
    cell.verdict,
    verdictOf(result),
    judgement.state,
    result.milliseconds.toFixed(1),
    judgement.state === 'right' ? (describeResult(result) ?? '') : judgement.why,
  ];
}

function renderFindings({ wrong, unknown, ignored }: ProofReport): string {
  const lines = [
    ...wrong.map((cell) => `wrong: ${describeWrong(cell)}\n`),
    ...unknown.map(({ source, destination, why }) => `unknown: ${source} -> ${destination}: ${why}\n`),
    ...ignored.map(({ destination, why, cells }) => `ignored: ${cells} cells to ${destination}: ${why}\n`),
  ];
  return lines.length === 0 ? '' : `\n${lines.join('')}`;
}

function describeWrong({ source, destination, protocol, port, family, why, reasons }: WrongCell): string {
  const over = family === undefined ? '' : ` over ${family}`;
  const rules = reasons.map((reason) => `\n  predicted by ${formatReason(reason)}`);
  return `${source} -> ${destination} ${protocol} ${port}${over}: ${why}${rules.join('')}`;
}

/** `81 right, 0 wrong, 0 unknown, 0 ignored of 81` */
function countsLine({ summary: { right, wrong, unknown, ignored, total } }: ProofReport): string {
  return `\n${right} right, ${wrong} wrong, ${unknown} unknown, ${ignored} ignored of ${total}\n`;
}

function casesOf({ cells }: Proof, { wrong }: ProofReport): JunitCase[] {
  const findings = wrong.values();
  return cells.map(({ cell, result, judgement }) => {
    const name = `${cell.source} -> ${destinationOf(cell)}`;
    const time = result.milliseconds / 1000;
    const base = { suite: cell.source, name, time };
    if (judgement.state === 'right') return base;
    if (judgement.state === 'ignored') return { ...base, skipped: judgement.why };
    // Wrong cells are reported in the order of the cells.
    const found = judgement.state === 'wrong' ? findings.next().value : undefined;
    const text = found === undefined ? judgement.why : describeWrong(found);
    return { ...base, failure: { message: judgement.why, text } };
  });
}

function ignoredCases({ ignored }: ProofReport): JunitCase[] {
  return ignored.map(({ destination, why, cells }) => ({
    suite: 'ignored',
    name: `${cells} cells to ${destination}`,
    skipped: why,
  }));
}
