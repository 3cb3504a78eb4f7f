import { keyOf } from '../../api/resources.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import type { Cluster } from '../../model/cluster.ts';
import { isRouteKind } from '../../model/gateways/route.ts';
import type { PolicyKind } from '../../model/policy/compile.ts';
import { isClusterDns } from '../cluster-dns.ts';
import type { SourceOf } from '../flow.ts';
import type { Doubt } from '../reach/doubt.ts';
import { factsOf } from './facts.ts';
import type { LintedObject, LintRule, Mistake } from './rule.ts';
import { lintRules } from './rules.ts';

/** A mistake, by which rule, and where it was written as far as that is known. */
export interface Finding extends Mistake {
  readonly rule: LintRule;
  readonly file: string | undefined;
  readonly line: number | undefined;
  /** Why it may be no mistake, where something that it depends on could not be read. */
  readonly doubt?: string;
}

export interface LintOptions {
  readonly sourceOf: SourceOf;
  /** The objects that are asked about; the others are there, and nothing is told of them. */
  readonly isAsked?: (object: LintedObject) => boolean;
  /** Ids of rules that are not asked. */
  readonly without?: readonly string[];
  /** Parts of the cluster, by namespace or all of it, that could not be read; `unseen` are objects that others may mean. */
  readonly doubts?: { readonly undecided: readonly Doubt[]; readonly unseen: readonly Doubt[] };
}

export interface LintAnswer {
  /** By file, line and id. */
  readonly findings: readonly Finding[];
  /** Findings that an annotation of their object wants left out. */
  readonly ignored: number;
  /** Rules that could not be asked, by id: where there are no pods, nobody knows who is selected. */
  readonly unasked: readonly string[];
}

/** What an object asks to be left out: ids with commas between them. */
export const ignoreAnnotation = 'weft.dev/lint-ignore';

/** Looks for every kind of mistake in the policies, Services and route tables of a cluster. Deterministic. */
export function lint(cluster: Cluster, options: LintOptions): LintAnswer {
  const { sourceOf, isAsked = () => true, without = [], doubts = noDoubts } = options;
  const hasPods = [...cluster.pods.values()].some((pod) => !isClusterDns(pod));
  const isSelecting = [...selectingObjects(cluster)].some(isAsked);
  const wanted = lintRules.filter(({ id }) => !without.includes(id));
  const asked = wanted.filter(({ needsNoPods }) => hasPods || needsNoPods === true || !isSelecting);
  const facts = factsOf(cluster);
  const found = asked.flatMap((rule) =>
    [...rule.check(facts)]
      .filter(({ object }) => isAsked(object))
      .map((mistake): Finding => {
        const { file, line } = sourceOf(mistake.object, mistake.path) ?? {};
        const doubt = doubtOf(rule, mistake, doubts);
        return { ...mistake, rule, file, line, ...(doubt !== undefined && { doubt }) };
      }),
  );
  const findings = found.filter(
    ({ rule, object }) => !ignoredBy(objectOf(cluster, object)).includes(rule.id),
  );
  return {
    findings: findings.sort(byPlace),
    ignored: found.length - findings.length,
    unasked: wanted.filter((rule) => !asked.includes(rule)).map(({ id }) => id),
  };
}

const noDoubts: NonNullable<LintOptions['doubts']> = { undecided: [], unseen: [] };

/** Whom a selector selects nobody knows who has not seen all pods, of whichever namespace; other mistakes are in the object. */
function doubtOf(
  { needsNoPods }: LintRule,
  { object: { key } }: Mistake,
  { undecided, unseen }: NonNullable<LintOptions['doubts']>,
): string | undefined {
  if (needsNoPods === true) return undefined;
  const isAbout = ({ namespace }: Doubt): boolean =>
    namespace === undefined || !key.includes('/') || key.startsWith(`${namespace}/`);
  return (unseen[0] ?? undecided.find(isAbout))?.why;
}

function objectOf(cluster: Cluster, { kind, key }: LintedObject): KubernetesObject | undefined {
  if (kind === 'RouteTable' || kind === 'NetworkSecurityGroup') {
    return cluster.surroundings?.find((one) => one.kind === kind && one.metadata.name === key);
  }
  if (isRouteKind(kind)) return cluster.gateways?.find((one) => one.kind === kind && keyOf(one) === key);
  return selecting(cluster)[kind].get(key);
}

/** What has selectors of pods. */
function selecting(cluster: Cluster): Record<'Service' | PolicyKind, ReadonlyMap<string, KubernetesObject>> {
  return {
    Service: cluster.services,
    NetworkPolicy: cluster.networkPolicies,
    MultiNetworkPolicy: cluster.multiNetworkPolicies ?? new Map<string, KubernetesObject>(),
    ClusterNetworkPolicy: cluster.clusterNetworkPolicies,
    AdminNetworkPolicy: cluster.adminNetworkPolicies,
    BaselineAdminNetworkPolicy: cluster.baselineAdminNetworkPolicies,
  };
}

function* selectingObjects(cluster: Cluster): Generator<LintedObject> {
  const kinds = selecting(cluster);
  for (const kind of Object.keys(kinds) as (keyof typeof kinds)[])
    for (const key of kinds[kind].keys()) yield { kind, key };
}

function ignoredBy(object: KubernetesObject | undefined): string[] {
  const text = object?.metadata.annotations?.[ignoreAnnotation] ?? '';
  return text.split(',').map((id) => id.trim());
}

function byPlace(a: Finding, b: Finding): number {
  return (
    compare(a.file ?? '', b.file ?? '') ||
    (a.line ?? 0) - (b.line ?? 0) ||
    compare(a.object.key, b.object.key) ||
    compare(a.rule.id, b.rule.id) ||
    compare(a.path, b.path)
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
