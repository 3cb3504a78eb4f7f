import { askPrediction, checkExpectations, type AskedWorld, type Checked } from '../expectations/check.ts';
import { readExpectations } from '../expectations/read.ts';
import { familyIn } from '../ip-family.ts';
import type { CliEnvironment, ClusterAddress, ExitCode } from '../environment.ts';
import { requireFormat } from '../output/format.ts';
import { renderChecked } from '../output/checked.ts';
import { settle } from '../partial.ts';
import { warnUnenforced } from '../unenforced.ts';
import { openWorld, requireNoCluster, withLab, type World } from '../world.ts';

export interface TestOptions extends Partial<ClusterAddress> {
  readonly expectations: readonly string[];
  readonly file: readonly string[];
  readonly name: string;
  readonly live: boolean;
  readonly output: string;
  readonly ipFamily?: string;
  readonly network?: string;
}

/** `weft test`: whether expectations hold, by prediction or with real packets. Exit 1 when one does not. */
export async function test(env: CliEnvironment, options: TestOptions): Promise<ExitCode> {
  const format = requireFormat(options.output, ['table', 'json', 'junit', 'sarif']);
  const { checked, problems } = await check(env, options);
  env.out(await renderChecked(checked, format));
  const failed = checked.filter(({ passed }) => !passed).length;
  // A report goes to a file, and whoever reads the job's output shall not have to guess.
  if (failed > 0 && format !== 'table')
    env.err(`weft: ${failed} of ${checked.length} expectations do not hold\n`);
  return settle(env, { problems }, failed === 0 ? 0 : 1);
}

interface Answer extends Pick<World, 'problems'> {
  readonly checked: readonly Checked[];
}

async function check(env: CliEnvironment, options: TestOptions): Promise<Answer> {
  const expectations = await readExpectations(options.expectations);
  const inFamily = (world: World): AskedWorld => {
    const family = familyIn(world.cluster, options.ipFamily);
    return family === undefined ? world : { ...world, family };
  };
  if (!options.live) {
    const world = await openWorld(env, options);
    warnUnenforced(env, world.cluster);
    const checked = await checkExpectations(inFamily(world), expectations, askPrediction);
    return { checked, problems: world.problems };
  }
  requireNoCluster(options);
  return withLab(env, options, async ({ lab, world }) => {
    warnUnenforced(env, world.cluster);
    const { askLab } = await import('../expectations/ask-lab.ts');
    const checked = await checkExpectations(inFamily(world), expectations, askLab(lab, world.cluster));
    // What packets do is known, whatever the manifests say.
    return { checked, problems: [] };
  });
}
