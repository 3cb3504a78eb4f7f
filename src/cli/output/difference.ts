import type { ConnectionChange, ReachDiff } from '../../analysis/diff/diff.ts';
import type { Passage } from '../../analysis/diff/rows.ts';
import type { ServiceChange } from '../../analysis/diff/service-changes.ts';
import { toJson, toYaml } from './format.ts';
import { renderRows } from './rows.ts';

/** What differs, for people, for scripts, and for comments below a change. */
export async function renderDiff(
  diff: ReachDiff,
  format: 'text' | 'json' | 'yaml' | 'csv' | 'md',
): Promise<string> {
  if (format === 'json') return toJson(jsonOf(diff));
  if (format === 'yaml') return toYaml(jsonOf(diff));
  if (format === 'text') return renderText(diff);
  const rows = renderRows(
    ['change', 'source', 'destination', 'before', 'after', 'because'],
    cells(diff),
    format,
  );
  return format === 'csv' ? rows : `${rows}\n${countsOf(diff)}\n`;
}

function renderText(diff: ReachDiff): string {
  const lines = diff.connections.map(changeLine);
  const services = diff.services.map((one) => {
    const { change, before, after } = one;
    const what =
      change === 'changed'
        ? `${listOf(before)} -> ${listOf(after)}`
        : listOf(change === 'added' ? after : before);
    return `${change.padEnd(8)} ${nameOf(one)} => ${what}${inDoubt(one.doubt)}\n`;
  });
  const parts = [lines, services].filter((part) => part.length > 0).map((part) => part.join(''));
  return [...parts, `${countsOf(diff)}\n`].join('\n');
}

/** `added    a/b[Pod] => a/c[Pod] : TCP 80` */
export function changeLine(one: ConnectionChange): string {
  const { change, source, destination, before, after, because, doubt } = one;
  const what = change === 'changed' ? `${wordsOf(before)} -> ${wordsOf(after)}` : wordsOf(after ?? before);
  const why = because === undefined ? '' : ` (${because})`;
  return `${change.padEnd(8)} ${source} => ${destination} : ${what}${why}${inDoubt(doubt)}\n`;
}

const inDoubt = (why: string | undefined): string => (why === undefined ? '' : ` [in doubt: ${why}]`);

const nameOf = ({ service, port }: ServiceChange): string => `svc:${service} ${port}`;

const listOf = (ends: readonly string[]): string => (ends.length === 0 ? 'nobody' : ends.join(', '));

/** `TCP 80, TCP 443`; behind it on what it depends. */
function wordsOf(passage: Passage | undefined): string {
  if (passage === undefined) return 'nothing';
  const { ports, why } = passage;
  return `${ports.join(', ')}${why === undefined ? '' : ` [${why}]`}`;
}

function countsOf({ connections, services }: ReachDiff): string {
  const count = (change: ConnectionChange['change']): number =>
    connections.filter((one) => one.change === change).length;
  const parts = (['added', 'removed', 'changed'] as const).map((change) => `${count(change)} ${change}`);
  return `connections: ${parts.join(', ')}; ports of Services: ${services.length} differ`;
}

function cells({ connections, services }: ReachDiff): string[][] {
  return [
    ...connections.map(({ change, source, destination, before, after, because, doubt }) => [
      change,
      source,
      destination,
      before === undefined ? '' : wordsOf(before),
      after === undefined ? '' : wordsOf(after),
      `${because ?? ''}${inDoubt(doubt)}`.trim(),
    ]),
    ...services.map((one) => [
      one.change,
      nameOf(one),
      '',
      one.before.join(', '),
      one.after.join(', '),
      inDoubt(one.doubt).trim(),
    ]),
  ];
}

/** The contract of a changed connection in JSON: absent things are null. */
export interface ConnectionChangeJson extends Pick<ConnectionChange, 'change' | 'source' | 'destination'> {
  readonly before: PassageJson;
  readonly after: PassageJson;
  readonly because: string | null;
  readonly doubt: string | null;
}

type PassageJson = { readonly ports: readonly string[]; readonly why: string | null } | null;

export function changeJson({
  before,
  after,
  because,
  doubt,
  ...one
}: ConnectionChange): ConnectionChangeJson {
  const passage = (of: Passage | undefined): PassageJson =>
    of === undefined ? null : { ports: of.ports, why: of.why ?? null };
  return {
    ...one,
    before: passage(before),
    after: passage(after),
    because: because ?? null,
    doubt: doubt ?? null,
  };
}

function jsonOf({ connections, services }: ReachDiff): unknown {
  const count = (change: ConnectionChange['change']): number =>
    connections.filter((one) => one.change === change).length;
  return {
    connections: connections.map(changeJson),
    services: services.map(({ doubt, ...one }) => ({ ...one, doubt: doubt ?? null })),
    summary: {
      added: count('added'),
      removed: count('removed'),
      changed: count('changed'),
      services: services.length,
    },
  };
}
