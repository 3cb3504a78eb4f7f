import { exposuresOf } from '../../analysis/exposure.ts';
import { endMatcher } from '../../analysis/reach/focus.ts';
import type { CliEnvironment, ExitCode } from '../environment.ts';
import { requireFormat, toJson, toYaml } from '../output/format.ts';
import { renderRows } from '../output/rows.ts';
import { settle } from '../partial.ts';
import { openWorld } from '../world.ts';
import type { ReachOptions } from './reach.ts';

/** `weft reach --exposure`: every way from outside into the cluster, and what a host out there that takes it gets. */
export async function exposure(env: CliEnvironment, options: ReachOptions): Promise<ExitCode> {
  const format = requireFormat(options.output, ['table', 'json', 'yaml', 'csv', 'md']);
  const world = await openWorld(env, options);
  const [isTo, { namespace }] = [endMatcher(options.to), options];
  const exposures = exposuresOf(world.cluster)
    .filter(({ destination }) => isTo(destination))
    .filter(({ service }) => namespace === undefined || service.startsWith(`${namespace}/`));
  if (format === 'json' || format === 'yaml') {
    env.out(await (format === 'json' ? toJson : toYaml)({ exposures }));
  } else {
    const rows = exposures.map(({ destination, service, by, port, verdicts, sourcesSeen }) => [
      destination,
      `svc:${service}`,
      by,
      port,
      verdicts.join(' or '),
      sourcesSeen.join(', '),
    ]);
    const head = ['destination', 'service', 'by', 'port', 'verdict', 'seen as'];
    env.out(renderRows(head, rows, format === 'table' ? 'wide' : format));
    if (format === 'table') env.out(`\n${exposures.length} ${exposures.length === 1 ? 'way' : 'ways'} in\n`);
  }
  return settle(env, world, 0);
}
