import { flowOf, type LiveCell } from '../../analysis/reach/live-cells.ts';
import type { Family } from '../../lib/address.ts';
import { predict } from '../../analysis/predict/predict.ts';
import { decidingReasons, reasonJson, type ReasonJson } from '../reasons.ts';
import type { World } from '../world.ts';
import { verdictOf } from './measured.ts';
import { isWrong, type Proof, type ProofSummary, type ProvedCell } from './prove.ts';

type Known = Pick<World, 'cluster' | 'sourceOf'>;

/** A cell that is not what was predicted. */
export interface WrongCell {
  readonly source: string;
  readonly destination: string;
  readonly protocol: string;
  readonly port: number;
  /** In a dual-stack cluster. */
  readonly family?: Family;
  readonly why: string;
  /** Every outcome that would have been right. */
  readonly predicted: readonly End[];
  readonly actual: End & { readonly milliseconds: number };
  /** The rules that the prediction goes by. */
  readonly reasons: readonly ReasonJson[];
}

interface End {
  readonly verdict: string;
  readonly sourceSeen: string | null;
  readonly backend: string | null;
}

/** What `reach --live` tells about its cells, besides the connections. */
export interface ProofReport {
  readonly unknown: readonly { source: string; destination: string; why: string }[];
  readonly summary: ProofSummary;
  readonly ignored: readonly { destination: string; why: string; cells: number }[];
  readonly wrong: readonly WrongCell[];
}

export function reportOf(
  { cells, ignored, absent, summary, cluster }: Proof,
  { sourceOf }: Known,
): ProofReport {
  const world = { cluster, sourceOf };
  const untold = cells.flatMap(({ cell, judgement }) =>
    judgement.state === 'unknown'
      ? [{ source: cell.source, destination: destinationOf(cell), why: judgement.why }]
      : [],
  );
  const notRunning = absent.map((key) => ({
    source: key,
    destination: '*',
    why: 'the pod has no address: it does not run (yet)',
  }));
  return {
    unknown: [...untold, ...notRunning],
    summary,
    ignored: ignored.map((one) => ({ destination: nameOf(one), why: one.why, cells: one.cells })),
    wrong: cells.filter(isWrong).map((one) => wrongCell(one, world)),
  };
}

function wrongCell({ cell, result, judgement }: ProvedCell, { cluster, sourceOf }: Known): WrongCell {
  const { source, protocol, port, outcomes } = cell;
  const prediction = predict(cluster, flowOf(cell), { sourceOf });
  return {
    source,
    destination: nameOf(cell),
    protocol,
    port,
    ...(cell.family === undefined ? {} : { family: cell.family }),
    why: judgement.state === 'right' ? '' : judgement.why,
    predicted: outcomes.map(({ verdict, sourceSeen, backend }) => ({
      verdict,
      sourceSeen: sourceSeen ?? null,
      backend: backend ?? null,
    })),
    actual: {
      verdict: verdictOf(result),
      sourceSeen: result.answer?.source ?? null,
      backend: result.answer?.pod ?? null,
      milliseconds: Number(result.milliseconds.toFixed(3)),
    },
    reasons: prediction.outcomes.flatMap((outcome) => decidingReasons(outcome).map(reasonJson)),
  };
}

/** `svc:a/b`, or `a/b` for a pod. */
export function nameOf({ destination: { kind, key } }: Pick<LiveCell, 'destination'>): string {
  return kind === 'service' ? `svc:${key}` : key;
}

/** With the port, as `connect` takes it; in a dual-stack cluster with the address family. */
export function destinationOf(cell: LiveCell): string {
  const protocol = cell.protocol === 'TCP' ? '' : `/${cell.protocol.toLowerCase()}`;
  const family = cell.family === undefined ? '' : ` (${cell.family})`;
  return `${nameOf(cell)}:${cell.port}${protocol}${family}`;
}
