import type { Capability, ComparisonTable } from './tables.ts';

/** One packet that was sent, or one thing that was looked at, for a cell. */
export interface ComparisonProbe {
  readonly from: string;
  readonly to: string;
  /** What was asked: `TCP 80`, `name db.corp.example`. */
  readonly sent: string;
  /** What became of it: the verdict of a connection, or what was found. */
  readonly verdict: string;
  readonly sourceSeen: string | null;
  /** Who began: decides cells about directions. */
  readonly begunBy: 'pod' | 'other';
  /** Whether it went as it should where the network can what the cell asks for. */
  readonly isAsWanted: boolean;
}

export interface Cell {
  readonly measured: string;
  /** Null where the document leaves the cell blank. */
  readonly documented: string | null;
  readonly probes: readonly ComparisonProbe[];
}

/** `weft compare -o json`. */
export interface Comparison {
  readonly table: string;
  readonly models: readonly string[];
  readonly rows: readonly {
    readonly capability: string;
    readonly cells: Readonly<Record<string, Cell>>;
  }[];
}

/** What was seen, by column and capability. */
export type Observations = ReadonlyMap<string, ReadonlyMap<string, readonly ComparisonProbe[]>>;

/** The table with what its probes say beside what the document says. */
export function comparisonOf(table: ComparisonTable, observed: Observations): Comparison {
  return {
    table: table.name,
    models: table.columns.map(({ name }) => name),
    rows: table.capabilities.map((capability) => ({
      capability: capability.name,
      cells: Object.fromEntries(
        table.columns.map(({ name }) => {
          const probes = observed.get(name)?.get(capability.name) ?? [];
          const documented = capability.documented[name] ?? null;
          return [name, { measured: measuredOf(capability, probes), documented, probes }];
        }),
      ),
    })),
  };
}

/** The cells that say something else than the document. One that cannot be measured, or that it leaves blank, does not. */
export function differences({ rows }: Comparison): { readonly capability: string; readonly model: string }[] {
  return rows.flatMap(({ capability, cells }) =>
    Object.entries(cells)
      .filter(([, { measured, documented }]) => measured !== declared && documented !== null)
      .filter(([, { measured, documented }]) => measured !== documented)
      .map(([model]) => ({ capability, model })),
  );
}

/** What a cell says that packets cannot decide. */
export const declared = 'declared';

function measuredOf({ decidedBy }: Capability, probes: readonly ComparisonProbe[]): string {
  if (decidedBy === 'nothing') return declared;
  if (probes.length === 0) return 'not measured';
  if (decidedBy === 'link') return [...new Set(probes.map(({ verdict }) => verdict))].join(', ');
  if (decidedBy === 'all') return probes.every(({ isAsWanted }) => isAsWanted) ? 'yes' : 'no';
  return directionOf(probes);
}

function directionOf(probes: readonly ComparisonProbe[]): string {
  const works = (begunBy: ComparisonProbe['begunBy']): boolean => {
    const own = probes.filter((probe) => probe.begunBy === begunBy);
    return own.length > 0 && own.every(({ isAsWanted }) => isAsWanted);
  };
  if (works('pod')) return works('other') ? 'both-ways' : 'pod-initiated';
  return works('other') ? 'initiated from outside' : 'no';
}
