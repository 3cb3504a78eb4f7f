import type { Flow, Prediction } from '../../analysis/flow.ts';
import { doubted } from '../../analysis/doubted.ts';
import { predict } from '../../analysis/predict/predict.ts';
import type { Family } from '../../lib/address.ts';
import { WeftError } from '../../lib/errors.ts';
import { protocolName } from '../endpoints/ports.ts';
import { resolveDestination, resolveSource, type Source, type Target } from '../endpoints/resolve.ts';
import { decidingReasons, reasonJson, type ReasonJson } from '../reasons.ts';
import { doubtsOf } from '../partial.ts';
import type { World } from '../world.ts';
import { satisfies, type Expectation } from './expectation.ts';

/** An expectation, and whether it holds. */
export interface Checked {
  readonly expectation: Expectation;
  readonly passed: boolean;
  /** The pair that breaks it; where none does, the first. */
  readonly source: string;
  readonly destination: string;
  readonly protocol: string;
  readonly port: number;
  readonly actual: string;
  /** More about the outcome, in a sentence. */
  readonly why: string | undefined;
  /** The rules that decide. */
  readonly reasons: readonly ReasonJson[];
}

/** The cluster, and the one family that it is asked about; where there is none, what both ends speak. */
export interface AskedWorld extends World {
  readonly family?: Family;
}

/** What became of one pair. */
export interface Found {
  readonly verdict: string;
  /** Every verdict that may come out: several where it depends. */
  readonly possible: readonly string[];
  readonly why: string | undefined;
}

/** Finds out what becomes of flows: by prediction, or with real packets. */
export type Ask = (flows: readonly { flow: Flow; prediction: Prediction }[]) => Promise<Found[]>;

/** An answer is what is predicted of it. */
export const askPrediction: Ask = (flows) =>
  Promise.resolve(
    flows.map(({ prediction: { verdict, why, doubt, outcomes } }) => ({
      verdict,
      possible: doubt === undefined ? outcomes.map((outcome) => outcome.verdict) : [verdict],
      why,
    })),
  );

interface Pair {
  readonly source: Source;
  readonly target: Target;
  readonly flow: Flow;
  readonly prediction: Prediction;
}

/**
 * Checks all expectations. One about a workload or a headless Service is about each of its pods. Throws what
 * resolving endpoints throws, with the expectation's place before it.
 */
export async function checkExpectations(
  world: AskedWorld,
  expectations: readonly Expectation[],
  ask: Ask,
): Promise<Checked[]> {
  const pairs = expectations.map((expectation) => ({
    expectation,
    pairs: pairsOf(world, expectation),
  }));
  const answers = (await ask(pairs.flatMap((one) => one.pairs))).values();
  return pairs.map(({ expectation, pairs }) => {
    const found = pairs.flatMap((pair) => {
      const answer = answers.next().value;
      return answer === undefined ? [] : [{ pair, answer }];
    });
    const broken = found.find(({ answer }) => !isAsExpected(answer, expectation));
    const [told = broken] = broken === undefined ? found : [broken];
    if (told === undefined) throw new Error(`nothing was asked for ${expectation.source}`);
    return checkedOf(expectation, told, broken === undefined);
  });
}

const isAsExpected = ({ possible }: Found, { expected }: Expectation): boolean =>
  possible.every((verdict) => satisfies(verdict, expected));

function checkedOf(
  expectation: Expectation,
  { pair, answer }: { pair: Pair; answer: Found },
  passed: boolean,
): Checked {
  const { source, target, prediction } = pair;
  const reasons = prediction.outcomes.flatMap((outcome) => decidingReasons(outcome).map(reasonJson));
  return {
    expectation,
    passed,
    source: source.name,
    destination: target.name,
    protocol: protocolName(target.protocol),
    port: target.port,
    actual: answer.verdict,
    why: answer.why,
    reasons: [...new Map(reasons.map((reason) => [JSON.stringify(reason), reason])).values()],
  };
}

function pairsOf({ cluster, sourceOf, family, ...rest }: AskedWorld, expectation: Expectation): Pair[] {
  const { place } = expectation;
  const [doubts, { bounds }] = [doubtsOf(rest), rest.ungiven ?? {}];
  try {
    const sources = resolveSource(cluster, expectation.source).all;
    const targets = resolveDestination(cluster, expectation.destination).all;
    return sources.flatMap((source) =>
      targets.map((target) => {
        const { end: destination, protocol, port } = target;
        const flow = { source: source.end, destination, protocol, port, ...(family && { family }) };
        const prediction = predict(cluster, flow, { sourceOf });
        return { source, target, flow, prediction: doubted(cluster, flow, { prediction, doubts, bounds }) };
      }),
    );
  } catch (error) {
    if (!(error instanceof WeftError) || place === undefined) throw error;
    const { code, message, hint, fault } = error;
    throw new WeftError(code, `${place.file}:${place.line}: ${message}`, { hint, fault, cause: error });
  }
}
