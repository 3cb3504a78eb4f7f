import { isClusterDns } from '../../analysis/cluster-dns.ts';
import {
  flowOf,
  liveCells,
  type IgnoredCells,
  type LiveCell,
  type LiveMatrix,
} from '../../analysis/reach/live-cells.ts';
import { isUnchanged, readCluster, versionsOf } from '../../lab/cluster-of.ts';
import type { LabConnection } from '../../lab/connection.ts';
import type { Family } from '../../lib/address.ts';
import { WeftError } from '../../lib/errors.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { ProbeResult } from '../../workload/port.ts';
import { judge, type Judgement } from './judge.ts';
import { probeOf } from './probe-of.ts';

/** A cell, its packet's fate, and whether that is what was predicted. */
export interface ProvedCell {
  readonly cell: LiveCell;
  readonly result: ProbeResult;
  readonly judgement: Judgement;
}

/** A whole matrix, proved. */
export interface Proof {
  /** As it was when the last packet was sent. */
  readonly cluster: Cluster;
  readonly cells: readonly ProvedCell[];
  /** Cells that were not sent, or whose answers say too little. */
  readonly ignored: readonly IgnoredCells[];
  /** Pods that do not run (yet): nobody knows what they will reach. Each counts as one unknown cell. */
  readonly absent: readonly string[];
  readonly summary: ProofSummary;
}

export interface ProofSummary {
  readonly right: number;
  readonly wrong: number;
  readonly unknown: number;
  readonly ignored: number;
  readonly total: number;
}

export interface ProveOptions {
  /** Also what every cluster brings along: its DNS, and the API server's Service. */
  readonly withSystem: boolean;
  /** Only packets of this family. */
  readonly family?: Family;
}

/** Probes under way at once. */
const concurrency = 96;
/** The API server's Service, which leads out of the cluster. */
const apiService = 'default/kubernetes';

/**
 * Sends every packet of the matrix and compares. Where something disagrees and the cluster's objects changed
 * meanwhile, those cells are predicted and sent once more: anything else that disagrees is wrong.
 */
export async function prove(lab: LabConnection, cluster: Cluster, options: ProveOptions): Promise<Proof> {
  const matrix = matrixOf(cluster, options);
  try {
    const cells = await proveCells(lab, cluster, matrix.cells);
    if (!cells.some(isWrong)) return proofOf(cluster, cells, matrix);
    const now = await readCluster(lab.client);
    if (isUnchanged(cluster, now)) return proofOf(cluster, cells, matrix);
    return await proveAgain(lab, now, { cells, options });
  } catch (error) {
    // A pod that went away took its namespace along.
    if (!(error instanceof WeftError) || error.code !== 'netns-missing') throw error;
    const now = await readCluster(lab.client);
    if (isUnchanged(cluster, now)) throw error;
    const matrixNow = matrixOf(now, options);
    return proofOf(now, await proveCells(lab, now, matrixNow.cells), matrixNow);
  }
}

function matrixOf(cluster: Cluster, { withSystem, family }: ProveOptions): LiveMatrix {
  const { cells, ignored } = liveCells(cluster, {
    includeClusterDns: withSystem,
    ...(family && { families: [family] }),
  });
  if (withSystem) return { cells, ignored };
  const isAsked = ({ destination }: Pick<LiveCell, 'destination'>): boolean =>
    destination.kind !== 'service' || destination.key !== apiService;
  return { cells: cells.filter(isAsked), ignored: ignored.filter(isAsked) };
}

async function proveCells(
  lab: LabConnection,
  cluster: Cluster,
  cells: readonly LiveCell[],
): Promise<ProvedCell[]> {
  const [prober] = await Promise.all([lab.prober(), lab.programmed(versionsOf(cluster))]);
  const probes = cells.map((cell) => probeOf(cluster, flowOf(cell)));
  const results = await prober.probeAll(probes, { concurrency });
  const saysNothing = (key: string): boolean => {
    const pod = cluster.pods.get(key);
    return pod !== undefined && isClusterDns(pod);
  };
  return cells.flatMap((cell, index) => {
    const result = results[index];
    return result === undefined ? [] : [{ cell, result, judgement: judge(cell, result, saysNothing) }];
  });
}

/** Wrong cells once more, as the cluster is now; those that it no longer has are gone. */
async function proveAgain(
  lab: LabConnection,
  cluster: Cluster,
  { cells, options }: { cells: readonly ProvedCell[]; options: ProveOptions },
): Promise<Proof> {
  const matrix = matrixOf(cluster, options);
  const doubtful = new Set(cells.filter(isWrong).map(({ cell }) => keyOf(cell)));
  const again = matrix.cells.filter((cell) => doubtful.has(keyOf(cell)));
  const proved = await proveCells(lab, cluster, again);
  return proofOf(cluster, [...cells.filter((one) => !isWrong(one)), ...proved], matrix);
}

export const isWrong = ({ judgement }: ProvedCell): boolean => judgement.state === 'wrong';

const keyOf = ({ source, destination, protocol, port, family }: LiveCell): string =>
  `${source} ${destination.kind} ${destination.key} ${protocol} ${port} ${family ?? ''}`;

function proofOf(cluster: Cluster, cells: readonly ProvedCell[], matrix: LiveMatrix): Proof {
  const absent = [...cluster.pods]
    .filter(([, { status }]) => status?.podIP === undefined)
    .map(([key]) => key);
  const isAbsent = ({ destination }: IgnoredCells): boolean =>
    destination.kind === 'pod' && absent.includes(destination.key);
  const notSent = matrix.ignored.filter((one) => one.cells > 0 && !isAbsent(one));
  const count = (state: Judgement['state']): number =>
    cells.filter(({ judgement }) => judgement.state === state).length;
  const ignored = [...notSent, ...saidTooLittle(cells)];
  const unsent = notSent.reduce((sum, one) => sum + one.cells, 0);
  const summary = {
    right: count('right'),
    wrong: count('wrong'),
    unknown: count('unknown') + absent.length,
    ignored: count('ignored') + unsent,
    total: cells.length + absent.length + unsent,
  };
  return { cluster, cells, ignored, absent, summary };
}

/** By destination, port and reason, as the cells that were not sent. */
function saidTooLittle(cells: readonly ProvedCell[]): IgnoredCells[] {
  const groups = new Map<string, IgnoredCells>();
  for (const { cell, judgement } of cells) {
    if (judgement.state !== 'ignored') continue;
    const { destination, protocol, port } = cell;
    const why = `${judgement.why}: ${protocol} ${port}`;
    const key = `${destination.kind} ${destination.key} ${why}`;
    groups.set(key, { destination, why, cells: (groups.get(key)?.cells ?? 0) + 1 });
  }
  return [...groups.values()];
}
