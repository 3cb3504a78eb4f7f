import { fileURLToPath } from 'node:url';
import { comparisonOf, type Comparison, type ComparisonProbe } from '../../analysis/compare/comparison.ts';
import type { Column, ComparisonTable } from '../../analysis/compare/tables.ts';
import { WeftError } from '../../lib/errors.ts';
import { down } from '../commands/down.ts';
import { up } from '../commands/up.ts';
import type { CliEnvironment } from '../environment.ts';
import { createProgress } from '../progress.ts';
import { observe } from './observe.ts';
import { comparisonSteps } from './steps.ts';

export interface RunOptions {
  readonly table: ComparisonTable;
  /** Names of the labs begin with it. */
  readonly name: string;
  /** Aborts: labs that are there are taken down. */
  readonly signal: AbortSignal;
}

type Observed = Map<string, ComparisonProbe[]>;

/** Builds a lab for each column, one after the other, tries everything in it, and takes it down. */
export async function compareModels(env: CliEnvironment, options: RunOptions): Promise<Comparison> {
  const { table, signal } = options;
  const progress = createProgress(env);
  const observed = new Map<string, Observed>();
  for (const column of table.columns) {
    signal.throwIfAborted();
    const seen = await progress.phase(
      column.name,
      () => inLab(quiet(env), column, options),
      (probes) => `${[...probes.values()].flat().length} probes`,
    );
    observed.set(column.name, seen);
  }
  return comparisonOf(table, observed);
}

async function inLab(env: CliEnvironment, column: Column, options: RunOptions): Promise<Observed> {
  const name = `${options.name}-${column.name}`;
  const table = options.table.name as keyof typeof comparisonSteps;
  // What an interrupted comparison has left is of another world, perhaps.
  await down(env, { name, all: false });
  try {
    return await Promise.race([observeIn(env, { name, column, table }), aborted(options.signal)]);
  } finally {
    await down(env, { name, all: false });
  }
}

/** First with nothing around the nodes but what every lab has, then in the world of the table. */
async function observeIn(env: CliEnvironment, made: Start): Promise<Observed> {
  const { before, after } = comparisonSteps[made.table];
  await start(env, made, [world('application')]);
  const lab = await env.connect(made.name);
  try {
    const first = await observe(lab, before);
    await start(env, made, [world('application'), world(made.table)]);
    const then = await observe(lab, after);
    const capabilities = new Set([...first.keys(), ...then.keys()]);
    return new Map(
      [...capabilities].map((one) => [one, [...(first.get(one) ?? []), ...(then.get(one) ?? [])]]),
    );
  } finally {
    await lab.close();
  }
}

const world = (name: string): string => fileURLToPath(new URL(`worlds/${name}.yaml`, import.meta.url));

/** Rejects when the person ends the comparison. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

interface Start {
  readonly name: string;
  readonly column: Column;
  readonly table: keyof typeof comparisonSteps;
}

/** In both families where the model has both. */
async function start(env: CliEnvironment, { name, column }: Start, file: readonly string[]): Promise<void> {
  const options = { name, nodes: 2, file, network: column.model, wait: true, timeout: 60 };
  const more = { controllers: 'auto' };
  try {
    await up(env, { ...options, ...more, ipFamily: 'dual' });
  } catch (error) {
    if (!(error instanceof WeftError) || error.fault !== 'input') throw error;
    await up(env, { ...options, ...more });
  }
}

/** The labs' own lines would be between those of the comparison. */
function quiet(env: CliEnvironment): CliEnvironment {
  return { ...env, out: () => {}, err: () => {} };
}
