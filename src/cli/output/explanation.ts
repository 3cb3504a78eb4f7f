import type { Outcome, Prediction } from '../../analysis/flow.ts';
import { protocolName } from '../endpoints/ports.ts';
import type { Source, Target } from '../endpoints/resolve.ts';
import { decidingReasons } from '../reasons.ts';
import { table } from './table.ts';

/** One connection that is asked about, of those that the words stand for. */
export interface Explained {
  readonly source: Source;
  readonly target: Target;
  readonly prediction: Prediction;
  /** Pods that the source or the destination also stands for. */
  readonly others: { readonly sources: number; readonly targets: number };
}

/** What `explain` tells people: the verdict, and for every way that it may go the walk and its reasons. */
export function renderExplanation({ source, target, prediction, others }: Explained): string {
  const { verdict, why, outcomes } = prediction;
  const lines = [`${source.name} -> ${target.name} (${protocolName(target.protocol)}): ${verdict}\n`];
  if (why !== undefined) lines.push(`  ${why}\n`);
  if (others.sources > 0) lines.push(`  asked by ${source.name}, one of ${others.sources + 1} pods\n`);
  if (others.targets > 0) lines.push(`  asked of ${target.name}, one of ${others.targets + 1} pods\n`);
  for (const ways of alike(outcomes)) lines.push('\n', ...renderOutcome(ways, outcomes.length > 1));
  return lines.join('');
}

/** Backends that differ in nothing but who they are need to be told once. */
function alike(outcomes: readonly Outcome[]): Outcome[][] {
  const groups = Map.groupBy(outcomes, ({ verdict, reasons }) => {
    const rules = reasons.filter(({ stage }) => stage !== 'delivery');
    return JSON.stringify([verdict, rules]);
  });
  return [...groups.values()];
}

function renderOutcome(ways: readonly Outcome[], isOneOfSeveral: boolean): string[] {
  const [first] = ways;
  if (first === undefined) return [];
  const deciding = new Set(decidingReasons(first));
  const reasons = first.reasons.map((reason) => [
    deciding.has(reason) ? '>' : ' ',
    reason.stage,
    // It neither let the packet through nor stopped it.
    reason.action === 'Pass' ? 'pass' : reason.verdict,
    reason.object,
    reason.rule,
    reason.file === undefined ? '' : `${reason.file}:${reason.line ?? 1}`,
  ]);
  const path = first.path.flatMap(({ at, action, packet }, index) => {
    const [line = '', ...more] = wrapped(action);
    return [[`${index + 1}`, at, line, packet], ...more.map((rest) => ['', '', rest])];
  });
  return [
    ...(isOneOfSeveral ? [...ways.map(headline), '\n'] : seenBy(first)),
    ...(path.length === 0 ? [] : [indent(table(['HOP', 'AT', 'ACTION', 'PACKET'], path)), '\n']),
    ...(reasons.length === 0
      ? []
      : [indent(table([' ', 'STAGE', 'VERDICT', 'OBJECT', 'RULE', 'WHERE'], reasons))]),
  ];
}

/** Characters of an action in one line: the packet behind it should still be on the screen. */
const actionWidth = 116;

/** In lines that are as long as may be, cut between words. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > actionWidth) lines.push(word);
    else lines.splice(-1, 1, `${line} ${word}`);
  }
  return lines;
}

function headline({ backend, verdict, sourceSeen, towards }: Outcome): string {
  const seen = sourceSeen === undefined ? '' : `, seen as ${sourceSeen}`;
  if (towards !== undefined) return `  at ${towards}: ${verdict}${seen}\n`;
  return `  by ${backend ?? 'another backend'}: ${verdict}${seen}\n`;
}

function seenBy({ backend, sourceSeen }: Outcome): string[] {
  if (sourceSeen === undefined) return [];
  return [`  ${backend === undefined ? 'it' : `${backend} answers and`} sees ${sourceSeen}\n`, '\n'];
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
