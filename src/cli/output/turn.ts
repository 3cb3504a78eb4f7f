import type { SourceOf } from '../../analysis/flow.ts';
import type { Edit } from '../../analysis/whatif/edit.ts';
import type { OtherPort } from '../../analysis/whatif/other-ports.ts';
import type { Turn } from '../../analysis/whatif/turn.ts';
import { changeJson, changeLine, type ConnectionChangeJson } from './difference.ts';
import { toYaml } from './format.ts';

/** What would make another answer of it. */
export interface Alternatives {
  readonly turn: Turn | undefined;
  readonly otherPorts: readonly OtherPort[];
  readonly sourceOf: SourceOf;
}

/** More lines of what else changes nobody reads below an answer about one connection; JSON has them all. */
const mostChangesShown = 10;

/** For people; empty where there is nothing to tell. */
export async function renderAlternatives({ turn, otherPorts, sourceOf }: Alternatives): Promise<string> {
  const ports = otherPorts.map(({ protocol, port }) => `${protocol} ${port}`);
  const asked = ports.length === 0 ? '' : `\n  It would be answered at ${ports.join(', ')}\n`;
  return asked + (turn === undefined ? '' : await renderTurn(turn, sourceOf));
}

async function renderTurn({ verdict, edits, changes }: Turn, sourceOf: SourceOf): Promise<string> {
  const texts = await Promise.all(edits.map((edit) => renderEdit(edit, sourceOf)));
  const [first, ...more] = (changes ?? []).map((one) => `    ${changeLine(one)}`);
  const shown = [first, ...more].slice(0, mostChangesShown).join('');
  const hidden = more.length + 1 - mostChangesShown;
  const others =
    first === undefined
      ? ''
      : `  With it\n${shown}${hidden > 0 ? `    and ${hidden} more: weft diff tells\n` : ''}`;
  return `\n  It would be ${verdict} with\n${texts.join('')}${others}`;
}

async function renderEdit(edit: Edit, sourceOf: SourceOf): Promise<string> {
  const { action, value } = edit;
  const yaml = await toYaml(action === 'create' ? value : [value]);
  const what = `${words[action]} ${objectOf(edit)}${edit.path === '' ? '' : ` ${edit.path}`}${placeOf(edit, sourceOf)}`;
  return `    ${what}\n${yaml.replace(/^(?=.)/gm, '      ')}`;
}

const words = {
  add: 'added to',
  insert: 'put before',
  remove: 'removed:',
  create: 'a new',
} as const;

const objectOf = ({ kind, key }: Edit): string => `${kind} ${key}`;

function placeOf({ kind, key, path, action }: Edit, sourceOf: SourceOf): string {
  const place = action === 'create' ? undefined : sourceOf({ kind, key }, path);
  return place === undefined ? '' : ` (${place.file}:${place.line})`;
}

/** The contract of `change` and `otherPorts` in JSON. */
export interface AlternativesJson {
  readonly change: {
    readonly verdict: string;
    readonly edits: readonly EditJson[];
    readonly changes: readonly ConnectionChangeJson[] | null;
  } | null;
  readonly otherPorts: readonly OtherPort[];
}

interface EditJson extends Pick<Edit, 'action' | 'path' | 'value'> {
  readonly object: string;
  readonly file: string | null;
  readonly line: number | null;
}

export function alternativesJson({ turn, otherPorts, sourceOf }: Alternatives): AlternativesJson {
  if (turn === undefined) return { change: null, otherPorts };
  const edits = turn.edits.map((edit): EditJson => {
    const { action, kind, key, path, value } = edit;
    const place = action === 'create' ? undefined : sourceOf({ kind, key }, path);
    return {
      action,
      object: objectOf(edit),
      path,
      value,
      file: place?.file ?? null,
      line: place?.line ?? null,
    };
  });
  const changes = turn.changes?.map(changeJson) ?? null;
  return { change: { verdict: turn.verdict, edits, changes }, otherPorts };
}
