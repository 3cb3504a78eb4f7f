import { sameJson } from '../json.ts';
import type { Definition, DefinitionCondition, DefinitionStatus } from './definition.ts';
import { holds } from './definition.ts';
import type { NameDecision } from './names.ts';

type Told = Omit<DefinitionCondition, 'lastTransitionTime'>;

/** The status of a definition after a decision about its names; the same object where nothing changes. */
export function withNames(definition: Definition, decision: NameDecision, time: string): Definition {
  const { conflict } = decision;
  const accepted = holds(definition, 'Established') || conflict === undefined;
  const conditions = withConditions(definition.status?.conditions ?? [], time, [
    conflict === undefined
      ? told('NamesAccepted', true, ['NoConflicts', 'no conflicts found'])
      : told('NamesAccepted', false, [conflict.reason, conflict.message]),
    accepted
      ? told('Established', true, ['InitialNamesAccepted', 'the initial names have been accepted'])
      : told('Established', false, ['NotAccepted', 'not all names are accepted']),
    ...approvalOf(definition),
    ...terminationOf(definition),
  ]);
  return withStatus(definition, {
    ...definition.status,
    conditions,
    acceptedNames: decision.accepted,
    storedVersions: definition.status?.storedVersions ?? [],
  });
}

function withStatus(definition: Definition, status: DefinitionStatus): Definition {
  return sameJson(definition.status, status) ? definition : { ...definition, status };
}

function told(type: string, value: boolean, [reason, message]: readonly [string, string]): Told {
  return { type, status: value ? 'True' : 'False', reason, message };
}

/** Of groups of the Kubernetes project: whether it says that the API was reviewed (KEP-1111). */
function approvalOf({ spec, metadata }: Definition): Told[] {
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(spec.group)) return [];
  const value = metadata.annotations?.['api-approved.kubernetes.io'] ?? '';
  const type = 'KubernetesAPIApprovalPolicyConformant';
  if (value.startsWith('unapproved'))
    return [
      told(type, false, [
        'UnapprovedAnnotation',
        `not approved: "api-approved.kubernetes.io": ${JSON.stringify(value)}`,
      ]),
    ];
  return [told(type, true, ['ApprovedAnnotation', `approved in ${value}`])];
}

function terminationOf({ metadata }: Definition): Told[] {
  if (metadata.deletionTimestamp === undefined) return [];
  const message = 'CustomResource deletion is in progress';
  return [told('Terminating', true, ['InstanceDeletionInProgress', message])];
}

/** The time of a condition is when its status last changed. */
function withConditions(
  before: readonly DefinitionCondition[],
  time: string,
  conditions: readonly Told[],
): DefinitionCondition[] {
  const others = before.filter(({ type }) => !conditions.some((it) => it.type === type));
  const now = conditions.map((condition) => {
    const former = before.find(({ type }) => type === condition.type);
    const lastTransitionTime = former?.status === condition.status ? former.lastTransitionTime : time;
    return { ...condition, lastTransitionTime };
  });
  return [...others, ...now];
}
