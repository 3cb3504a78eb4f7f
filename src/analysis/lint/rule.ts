import type { PolicyKind } from '../../model/policy/compile.ts';
import type { RouteKind } from '../../model/gateways/route.ts';
import type { LintFacts } from './facts.ts';

/** `error`: something does not work. `warning`: something is not as it seems. `info`: worth a look. */
export type Severity = (typeof severities)[number];

/** From the gravest on. */
export const severities = ['error', 'warning', 'info'] as const;

/** Something wrong, at a field of an object. */
export interface Mistake {
  readonly object: LintedObject;
  /** `spec.ingress[0].from[1]`; empty for the object as a whole. */
  readonly path: string;
  /** What is wrong here, in one sentence that names who is concerned. */
  readonly message: string;
}

/** An object by its kind and its key, `namespace/name`, or `name` where the kind has no namespaces. */
export interface LintedObject {
  readonly kind: 'Service' | 'RouteTable' | 'NetworkSecurityGroup' | RouteKind | PolicyKind;
  readonly key: string;
}

/** One kind of mistake: how it is found, and everything there is to say about it. */
export interface LintRule {
  /** Stable: people write it into annotations and reports. Never given to another rule. */
  readonly id: string;
  /** The same for people: a few words with dashes. */
  readonly name: string;
  readonly severity: Severity;
  /** One sentence without a full stop. */
  readonly title: string;
  /** Why that is a mistake, and what it does. */
  readonly why: string;
  /** What to do about it. */
  readonly fix: string;
  /** Manifests beside the workloads of `examples.ts`: these have the mistake, and these do it right. */
  readonly example: { readonly wrong: string; readonly right: string };
  /** Whether it has something to say where no pods are known, as its mistake is in the object alone. */
  readonly needsNoPods?: true;
  check(facts: LintFacts): Iterable<Mistake>;
}
