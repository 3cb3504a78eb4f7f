import { fileURLToPath } from 'node:url';
import { comparisonOf, type Comparison, type ComparisonProbe } from '../../analysis/compare/comparison.ts';
import type { Column, ComparisonTable } from '../../analysis/compare/tables.ts';
import { WeftError } from '../../lib/errors.ts';
import { down } from '../commands/down.ts';
import { up } from '../commands/up.ts';
import type { CliEnvironment } from '../environment.ts';
import { createProgress } from '../progress.ts';
import { observe } from './observe.ts';
import { comparisonSteps, type Step } from './steps.ts';

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
  const world = fileURLToPath(new URL(`worlds/${table}.yaml`, import.meta.url));
  // What an interrupted comparison has left is of another world, perhaps.
  await down(env, { name, all: false });
  try {
    return await Promise.race([
      observeIn(env, { name, column, world }, comparisonSteps[table]),
      aborted(options.signal),
    ]);
  } finally {
    await down(env, { name, all: false });
  }
}

async function observeIn(env: CliEnvironment, made: Start, steps: readonly Step[]): Promise<Observed> {
  await start(env, made);
  const lab = await env.connect(made.name);
  try {
    return await observe(lab, steps);
  } finally {
    await lab.close();
  }
}

/** Rejects when the person ends the comparison. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

interface Start {
  readonly name: string;
  readonly column: Column;
  readonly world: string;
}

/** In both families where the model has both. */
async function start(env: CliEnvironment, { name, column, world }: Start): Promise<void> {
  const options = { name, nodes: 2, file: [world], network: column.model, wait: true, timeout: 60 };
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
