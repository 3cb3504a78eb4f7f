import { workloadOf } from '../../model/workloads/workload-of.ts';
import type { Proof, ProvedCell } from '../live/prove.ts';
import { verdictOf } from '../live/measured.ts';
import { nameOf } from '../live/report.ts';
import { renderGrid } from './grid.ts';

/**
 * Rows ask, columns are asked: `.` let through, `X` blocked, `~` some of both, `#` itself, `!` wrong, `?` unknown.
 * A symbol stands for the declared ports of the destination, or for any port where none is declared.
 */
export function renderMatrix(proof: Proof, { pods }: { pods: boolean }): string {
  const { rows, columns, cells } = arrange(proof, pods ? (key) => key : workloadNames(proof));
  const symbolAt = (row: string, column: string): string =>
    symbolOf(cells.get(`${row} ${column}`) ?? [], row === column);
  return renderGrid({ rows, columns, symbolAt }) + key;
}

const key = '\n. let through  X blocked  ~ some of both  # itself  ! wrong  ? unknown\n';

interface Arranged {
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** By `ROW COLUMN`. */
  readonly cells: ReadonlyMap<string, readonly ProvedCell[]>;
}

function arrange({ cells }: Proof, nameOfPod: (key: string) => string): Arranged {
  const rows = new Set<string>();
  const columns = new Set<string>();
  const byPair = new Map<string, ProvedCell[]>();
  for (const one of cells) {
    const row = nameOfPod(one.cell.source);
    const { destination } = one.cell;
    const column = destination.kind === 'pod' ? nameOfPod(destination.key) : nameOf(one.cell);
    rows.add(row);
    columns.add(column);
    const pair = byPair.get(`${row} ${column}`);
    if (pair === undefined) byPair.set(`${row} ${column}`, [one]);
    else pair.push(one);
  }
  return { rows: [...rows].sort(), columns: [...columns].sort(podsFirst), cells: byPair };
}

/** By name, Services behind the pods. */
function podsFirst(a: string, b: string): number {
  const [isServiceA, isServiceB] = [a.startsWith('svc:'), b.startsWith('svc:')];
  if (isServiceA !== isServiceB) return isServiceA ? 1 : -1;
  return a < b ? -1 : 1;
}

function workloadNames({ cluster }: Proof): (key: string) => string {
  return (podKey) => {
    const pod = cluster.pods.get(podKey);
    if (pod === undefined) return podKey;
    const { namespace, name, kind } = workloadOf(pod);
    return `${namespace}/${name}[${kind}]`;
  };
}

function symbolOf(cells: readonly ProvedCell[], isItself: boolean): string {
  if (cells.some(({ judgement }) => judgement.state === 'wrong')) return '!';
  if (cells.some(({ judgement }) => judgement.state === 'unknown')) return '?';
  if (isItself) return '#';
  const declared = cells.filter(({ cell }) => cell.isDeclared);
  const open = (declared.length > 0 ? declared : cells).map(isLetThrough);
  if (open.length === 0) return '';
  return open.every(Boolean) ? '.' : open.some(Boolean) ? '~' : 'X';
}

/** Refused counts: the network delivered the packet, and nobody wanted it. */
function isLetThrough({ result }: ProvedCell): boolean {
  const verdict = verdictOf(result);
  return verdict === 'allowed' || verdict === 'refused';
}
