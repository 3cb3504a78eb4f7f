import type { Pod } from '../../api/types/core.ts';
import type { Labels, LabelSelector } from '../../api/types/meta.ts';
import { templateHashLabel } from '../../model/workloads/replica-set.ts';

/** Pods of one namespace that are to be told from its other pods. */
export interface Labelled {
  readonly name: string;
  readonly pods: readonly Pod[];
}

/** Labels that controllers put on each pod: those of a next pod are others. */
const generated: ReadonlySet<string> = new Set([
  templateHashLabel,
  'apps.kubernetes.io/pod-index',
  'batch.kubernetes.io/controller-uid',
  'batch.kubernetes.io/job-completion-index',
  'batch.kubernetes.io/job-name',
  'controller-revision-hash',
  'controller-uid',
  'job-name',
  'pod-template-generation',
  'statefulset.kubernetes.io/pod-name',
]);

/** What people name their applications by, the most telling first. */
const naming: readonly string[] = [
  'app.kubernetes.io/name',
  'app',
  'k8s-app',
  'name',
  'app.kubernetes.io/component',
  'component',
];

/**
 * A selector of exactly these pods among those of their namespace, as short as labels allow: one label that names them
 * where it is theirs alone, else those that it takes, else also what they do not have. Undefined where labels do not tell
 * them from `others`.
 */
export function selectorOf(own: Labelled, others: readonly Labelled[]): LabelSelector | undefined {
  const labels = commonLabels(own.pods);
  const strangers = others.flatMap(({ pods }) => pods);
  const isTheirs = (some: Labels): boolean => strangers.every((pod) => !hasLabels(pod, some));
  for (const key of naming) {
    const value = labels[key];
    if (value !== undefined && isTheirs({ [key]: value })) return { matchLabels: { [key]: value } };
  }
  if (Object.keys(labels).length === 0) return undefined;
  if (isTheirs(labels)) return { matchLabels: shortened(labels, isTheirs) };
  const lacking = lackingKey(
    own.pods,
    strangers.filter((pod) => hasLabels(pod, labels)),
  );
  if (lacking === undefined) return undefined;
  return { matchLabels: labels, matchExpressions: [{ key: lacking, operator: 'DoesNotExist' }] };
}

/** Labels that all of them have and a next pod will have too, by key. */
export function commonLabels([first, ...rest]: readonly Pod[]): Labels {
  const entries = Object.entries(first?.metadata.labels ?? {}).filter(
    ([key, value]) => !generated.has(key) && rest.every(({ metadata }) => metadata.labels?.[key] === value),
  );
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Without labels that it does not take; those that name an application stay. */
function shortened(labels: Labels, isTheirs: (some: Labels) => boolean): Labels {
  let kept = labels;
  for (const key of Object.keys(labels)) {
    if (naming.includes(key)) continue;
    const { [key]: _dropped, ...less } = kept;
    if (Object.keys(less).length > 0 && isTheirs(less)) kept = less;
  }
  return kept;
}

function lackingKey(own: readonly Pod[], strangers: readonly Pod[]): string | undefined {
  const candidates = Object.keys(commonLabels(strangers)).sort();
  return candidates.find((key) => own.every(({ metadata }) => metadata.labels?.[key] === undefined));
}

const hasLabels = ({ metadata }: Pod, labels: Labels): boolean =>
  Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value);
