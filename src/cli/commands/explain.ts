import { doubted } from '../../analysis/doubted.ts';
import { predict } from '../../analysis/predict/predict.ts';
import type { Flow, Outcome, Prediction } from '../../analysis/flow.ts';
import type { Cluster } from '../../model/cluster.ts';
import { protocolName } from '../endpoints/ports.ts';
import { resolveDestination, resolveSource } from '../endpoints/resolve.ts';
import type { CliEnvironment, ClusterAddress, ExitCode } from '../environment.ts';
import { familyIn } from '../ip-family.ts';
import type { Explained } from '../output/explanation.ts';
import type { Alternatives } from '../output/turn.ts';
import { requireFormat, toJson, toYaml } from '../output/format.ts';
import { reasonJson, type ReasonJson } from '../reasons.ts';
import { doubtsOf, settle } from '../partial.ts';
import { warnUnenforced } from '../unenforced.ts';
import { openWorld } from '../world.ts';

export interface ExplainOptions extends Partial<ClusterAddress> {
  readonly source: string;
  readonly destination: string;
  readonly file: readonly string[];
  readonly name: string;
  readonly output: string;
  readonly ipFamily?: string;
  readonly network?: string;
}

/** `weft explain`: the predicted walk. Exit 0 only when the connection is allowed. */
export async function explain(env: CliEnvironment, options: ExplainOptions): Promise<ExitCode> {
  const format = requireFormat(options.output, ['text', 'json', 'yaml']);
  const world = await openWorld(env, options);
  const { cluster, sourceOf } = world;
  const sources = resolveSource(cluster, options.source);
  const targets = resolveDestination(cluster, options.destination);
  const [source] = sources.all;
  const [target] = targets.all;
  const { protocol, port } = target;
  const flow = { source: source.end, destination: target.end, protocol, port };
  const family = familyIn(cluster, options.ipFamily);
  const asked = { ...flow, ...(family && { family }) };
  const predicted = predict(cluster, asked, { sourceOf });
  const { bounds } = world.ungiven ?? {};
  const prediction = doubted(cluster, asked, { prediction: predicted, doubts: doubtsOf(world), bounds });
  const others = { sources: sources.all.length - 1, targets: targets.all.length - 1 };
  const explained = { source, target, prediction, others };
  const alternatives = { ...(await alternativesTo(cluster, asked, prediction)), sourceOf };
  const { alternativesJson, renderAlternatives } = await import('../output/turn.ts');
  if (format === 'text') {
    const { renderExplanation } = await import('../output/explanation.ts');
    env.out(renderExplanation(explained) + (await renderAlternatives(alternatives)));
  } else {
    const json = { ...explanationJson(explained), ...alternativesJson(alternatives) };
    env.out(await (format === 'json' ? toJson : toYaml)(json));
  }
  warnUnenforced(env, cluster);
  return settle(env, world, prediction.verdict === 'allowed' ? 0 : 1);
}

/** What would make another answer of it: in policies, or in what is asked for. */
async function alternativesTo(
  cluster: Cluster,
  flow: Flow,
  prediction: Prediction,
): Promise<Pick<Alternatives, 'turn' | 'otherPorts'>> {
  const [{ turnOf }, { otherPorts }] = await Promise.all([
    import('../../analysis/whatif/turn.ts'),
    import('../../analysis/whatif/other-ports.ts'),
  ]);
  const isElsewhere = prediction.verdict === 'refused' || prediction.verdict === 'unreachable';
  return {
    turn: turnOf(cluster, flow, prediction),
    otherPorts: isElsewhere ? otherPorts(cluster, flow) : [],
  };
}

/** The contract of `-o json`: absent things are null. */
interface ExplanationJson {
  readonly source: string;
  readonly destination: string;
  readonly protocol: string;
  readonly verdict: Prediction['verdict'];
  readonly why: string | null;
  readonly sourceSeen: string | null;
  readonly backend: string | null;
  readonly milliseconds: null;
  readonly reasons: readonly ReasonJson[];
  readonly path: Outcome['path'];
}

/** Where backends differ, the first one's walk stands for all; `why` says that it depends. */
function explanationJson({ source, target, prediction }: Explained): ExplanationJson {
  const { verdict, why, outcomes } = prediction;
  return {
    source: source.name,
    destination: target.name,
    protocol: protocolName(target.protocol),
    verdict,
    why: why ?? null,
    sourceSeen: common(outcomes.map(({ sourceSeen }) => sourceSeen)) ?? null,
    backend: common(outcomes.map(({ backend }) => backend)) ?? null,
    milliseconds: null,
    reasons: distinct(outcomes.flatMap(({ reasons }) => reasons.map(reasonJson))),
    path: outcomes[0]?.path ?? [],
  };
}

/** What all of them are; undefined when they differ. */
function common<T>([first, ...others]: readonly T[]): T | undefined {
  return others.every((one) => one === first) ? first : undefined;
}

function distinct(reasons: readonly ReasonJson[]): ReasonJson[] {
  return [...new Map(reasons.map((reason) => [JSON.stringify(reason), reason])).values()];
}
