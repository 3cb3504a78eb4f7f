import type { Resource } from '../../api/resources.ts';
import { newerEventUpdateProblems } from '../../api/validate/event.ts';
import { forbidden, invalid, type FieldProblem } from '../../api/validate/problem.ts';
import { serviceUpdateProblems } from '../../api/validate/service-load-balancer.ts';
import type { Service } from '../../api/types/core.ts';
import { arrayAt, isObject, sameJson, textAt, valueAt, type StoredObject } from '../json.ts';
import { qualifiedName } from '../status.ts';
import { podUpdateProblems } from './pod-update.ts';

type Rule = (object: StoredObject, previous: StoredObject) => FieldProblem[];

/** What upstream's update validation has beside fields that never change (`immutableFields`). */
export function updateProblems(
  resource: Resource,
  object: StoredObject,
  previous: StoredObject,
): FieldProblem[] {
  const name = qualifiedName(resource);
  const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
  return rule?.(object, previous) ?? [];
}

const rules: Readonly<Record<string, Rule>> = {
  pods: podUpdateProblems,
  // Both have been checked against the schema of Services.
  services: (object, previous) =>
    serviceUpdateProblems(object as unknown as Service, previous as unknown as Service),
  configmaps: dataProblems,
  secrets: dataProblems,
  nodes: nodeProblems,
  'statefulsets.apps': statefulSetProblems,
  'jobs.batch': jobProblems,
  'servicecidrs.networking.k8s.io': rangeProblems,
  persistentvolumeclaims: claimProblems,
  persistentvolumes: volumeProblems,
  resourcequotas: quotaProblems,
  'events.events.k8s.io': newerEventUpdateProblems,
  'priorityclasses.scheduling.k8s.io': (object, previous) =>
    object['value'] === previous['value'] ? [] : [forbidden('value', 'may not be changed in an update')],
};

/** What is `immutable` stays so, with all that is in it. */
function dataProblems(object: StoredObject, previous: StoredObject): FieldProblem[] {
  if (previous['immutable'] !== true) return [];
  const changed = ['data', 'binaryData'].filter(
    (field) => !sameJson(object[field] ?? {}, previous[field] ?? {}),
  );
  const fields = object['immutable'] === true ? changed : ['immutable', ...changed];
  return fields.map((field) => forbidden(field, 'field is immutable when `immutable` is set'));
}

function nodeProblems(object: StoredObject, previous: StoredObject): FieldProblem[] {
  const problems: FieldProblem[] = [];
  for (const [field, word] of [
    ['podCIDRs', 'podCIDR'],
    ['providerID', 'providerID'],
  ] as const) {
    const [now, before] = [object, previous].map((one) => valueAt(one, ['spec', field]));
    const isSet = Array.isArray(before) ? before.length > 0 : before !== undefined && before !== '';
    if (isSet && !sameJson(now ?? null, before))
      problems.push(
        forbidden(`spec.${field}`, `node updates may not change ${word} except from "" to valid`),
      );
  }
  return problems;
}

const mutableInStatefulSets = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
];

function statefulSetProblems(object: StoredObject, previous: StoredObject): FieldProblem[] {
  if (
    sameJson(without(object['spec'], mutableInStatefulSets), without(previous['spec'], mutableInStatefulSets))
  )
    return [];
  const list = mutableInStatefulSets.map((field) => `'${field}'`).join(', ');
  return [forbidden('spec', `updates to statefulset spec for fields other than ${list} are forbidden`)];
}

const schedulingFields = ['nodeSelector', 'tolerations', 'affinity', 'schedulingGates'];

/** The pods of a Job are those it began with; only where they go may be said as long as none was made. */
function jobProblems(object: StoredObject, previous: StoredObject): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const [now, before] = [object, previous].map((one) => valueAt(one, ['spec', 'completions']));
  const isIndexed = textAt(object, ['spec', 'completionMode']) === 'Indexed';
  const elastic = isIndexed && now === valueAt(object, ['spec', 'parallelism']);
  if (now !== before && !elastic)
    problems.push(invalid('spec.completions', now ?? null, 'field is immutable'));
  const isWaiting =
    valueAt(previous, ['spec', 'suspend']) === true &&
    valueAt(previous, ['status', 'startTime']) === undefined;
  const [template, old] = [object, previous].map((one) => valueAt(one, ['spec', 'template']));
  const same = isWaiting
    ? sameJson(
        without(valueAt(template, ['spec']), schedulingFields),
        without(valueAt(old, ['spec']), schedulingFields),
      )
    : sameJson(template, old);
  if (!same) problems.push(invalid('spec.template', template, 'field is immutable'));
  return problems;
}

/** A second family may join; what is there stays. */
function rangeProblems(object: StoredObject, previous: StoredObject): FieldProblem[] {
  const [now, before] = [object, previous].map((one) => arrayAt(one, ['spec', 'cidrs']));
  return (before ?? []).flatMap((cidr, i) =>
    now?.[i] === cidr ? [] : [invalid(`spec.cidrs[${i}]`, now?.[i] ?? null, 'field is immutable')],
  );
}

/** A claim gets its volume once; bound, it may grow. */
function claimProblems(object: StoredObject, previous: StoredObject): FieldProblem[] {
  const free = textAt(previous, ['spec', 'volumeName']) === '' ? ['volumeName'] : [];
  if (textAt(previous, ['status', 'phase']) === 'Bound') free.push('resources', 'volumeAttributesClassName');
  if (sameJson(without(object['spec'], free), without(previous['spec'], free))) return [];
  const detail =
    'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
  return [forbidden('spec', detail)];
}

const mutableInVolumes = [
  'accessModes',
  'capacity',
  'claimRef',
  'mountOptions',
  'nodeAffinity',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'volumeAttributesClassName',
  'volumeMode',
];

function volumeProblems(object: StoredObject, previous: StoredObject): FieldProblem[] {
  if (sameJson(without(object['spec'], mutableInVolumes), without(previous['spec'], mutableInVolumes)))
    return [];
  return [
    forbidden('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation'),
  ];
}

function quotaProblems(object: StoredObject, previous: StoredObject): FieldProblem[] {
  const [now, before] = [object, previous].map((one) => new Set(arrayAt(one, ['spec', 'scopes'])));
  if (now === undefined || before?.symmetricDifference(now).size === 0) return [];
  return [invalid('spec.scopes', [...now], 'field is immutable')];
}

/** The object without these fields; anything else as it is. */
function without(value: unknown, fields: readonly string[]): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([field]) => !fields.includes(field)));
}
