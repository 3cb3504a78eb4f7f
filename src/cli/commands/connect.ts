import type { ProbeResult } from '../../workload/port.ts';
import { protocolName } from '../endpoints/ports.ts';
import { resolveDestination, resolveSource, type Source, type Target } from '../endpoints/resolve.ts';
import type { CliEnvironment, ExitCode } from '../environment.ts';
import { familyIn } from '../ip-family.ts';
import { describeResult, verdictOf, type MeasuredVerdict } from '../live/measured.ts';
import { probeOf } from '../live/probe-of.ts';
import { requireFormat, toJson, toYaml } from '../output/format.ts';
import { withLab } from '../world.ts';

export interface ConnectOptions {
  readonly source: string;
  readonly destination: string;
  readonly name: string;
  readonly output: string;
  readonly ipFamily?: string;
  /** Milliseconds of silence that count as unreachable. */
  readonly timeout: number;
}

/** `weft connect`: one real connection in the lab. Exit 0 only when somebody answers. */
export async function connect(env: CliEnvironment, options: ConnectOptions): Promise<ExitCode> {
  const format = requireFormat(options.output, ['text', 'json', 'yaml']);
  const { name, timeout: timeoutMs } = options;
  return withLab(env, { name, file: [] }, async ({ lab, world: { cluster } }) => {
    const [source] = resolveSource(cluster, options.source).all;
    const [target] = resolveDestination(cluster, options.destination).all;
    const { end: destination, protocol, port } = target;
    const family = familyIn(cluster, options.ipFamily);
    const flow = { source: source.end, destination, protocol, port, ...(family && { family }) };
    const probe = probeOf(cluster, flow);
    const result = await (await lab.prober()).probe(probe, { timeoutMs });
    if (format === 'text') env.out(render(source, target, result));
    else env.out(await (format === 'json' ? toJson : toYaml)(connectionJson(source, target, result)));
    return result.outcome === 'answered' ? 0 : 1;
  });
}

/** The contract of `-o json`: absent things are null. */
interface ConnectionJson {
  readonly source: string;
  readonly destination: string;
  readonly protocol: string;
  readonly verdict: MeasuredVerdict;
  readonly sourceSeen: string | null;
  readonly backend: string | null;
  readonly milliseconds: number;
}

function connectionJson(source: Source, target: Target, result: ProbeResult): ConnectionJson {
  return {
    source: source.name,
    destination: target.name,
    protocol: protocolName(target.protocol),
    verdict: verdictOf(result),
    sourceSeen: result.answer?.source ?? null,
    backend: result.answer?.pod ?? null,
    milliseconds: Number(result.milliseconds.toFixed(3)),
  };
}

function render(source: Source, target: Target, result: ProbeResult): string {
  const time = `${result.milliseconds.toFixed(1)} ms`;
  const more = describeResult(result);
  return [
    `${source.name} -> ${target.name} (${protocolName(target.protocol)}): ${verdictOf(result)} in ${time}\n`,
    ...(more === undefined ? [] : [`  ${more}\n`]),
  ].join('');
}
