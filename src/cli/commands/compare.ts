import { differences } from '../../analysis/compare/comparison.ts';
import { comparisonTables } from '../../analysis/compare/tables.ts';
import { compareModels } from '../compare/run.ts';
import type { CliEnvironment, ExitCode } from '../environment.ts';
import { renderComparison } from '../output/compared.ts';
import { requireFormat, toJson, toYaml } from '../output/format.ts';

export interface CompareOptions {
  readonly table: keyof typeof comparisonTables;
  /** Names of the labs begin with it. */
  readonly name: string;
  readonly output: string;
}

/** `weft compare`: a comparison table of network models, every cell of it measured. Exit 1 where one differs. */
export async function compare(env: CliEnvironment, options: CompareOptions): Promise<ExitCode> {
  const format = requireFormat(options.output, ['text', 'json', 'yaml']);
  const table = comparisonTables[options.table];
  const interrupted = new AbortController();
  void env.untilInterrupted().then(() => interrupted.abort(new Error('interrupted')));
  const comparison = await compareModels(env, { table, name: options.name, signal: interrupted.signal });
  if (format === 'text') env.out(renderComparison(comparison, table));
  else env.out(await (format === 'json' ? toJson : toYaml)(comparison));
  return differences(comparison).length === 0 ? 0 : 1;
}
