import { forbidden, invalid, type FieldProblem } from '../../api/validate/problem.ts';
import { arrayAt, isObject, sameJson, textAt, valueAt, type StoredObject } from '../json.ts';

const containerLists = ['containers', 'initContainers'] as const;

/** The few fields of a pod that may change (core validation `ValidatePodUpdate`). Its node comes by a binding. */
export function podUpdateProblems(object: StoredObject, previous: StoredObject): FieldProblem[] {
  const [now, before] = [object['spec'], previous['spec']];
  if (sameJson(now, before)) return [];
  for (const field of containerLists) {
    if (arrayAt(now, [field]).length !== arrayAt(before, [field]).length)
      return [forbidden(`spec.${field}`, 'pod updates may not add or remove containers')];
  }
  const problems = [
    ...deadlineProblems(valueAt(now, ['activeDeadlineSeconds']), valueAt(before, ['activeDeadlineSeconds'])),
    ...tolerationProblems(arrayAt(now, ['tolerations']), arrayAt(before, ['tolerations'])),
    ...gateProblems(arrayAt(now, ['schedulingGates']), arrayAt(before, ['schedulingGates'])),
  ];
  if (sameJson(fixed(now), fixed(before))) return problems;
  const list =
    '`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';
  return [...problems, forbidden('spec', `pod updates may not change fields other than ${list}`)];
}

/** A deadline comes once, and from then on only comes nearer. */
function deadlineProblems(now: unknown, before: unknown): FieldProblem[] {
  const path = 'spec.activeDeadlineSeconds';
  if (typeof before !== 'number') return [];
  if (typeof now !== 'number')
    return [invalid(path, now ?? null, 'must not update from a positive integer to nil value')];
  return now > before ? [invalid(path, now, 'must be less than or equal to previous value')] : [];
}

function tolerationProblems(now: readonly unknown[], before: readonly unknown[]): FieldProblem[] {
  const plain = (one: unknown): unknown => (isObject(one) ? { ...one, tolerationSeconds: 0 } : one);
  const isKept = before.every((old) => now.some((one) => sameJson(plain(one), plain(old))));
  if (isKept) return [];
  return [
    forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds'),
  ];
}

function gateProblems(now: readonly unknown[], before: readonly unknown[]): FieldProblem[] {
  const names = new Set(before.map((gate) => textAt(gate, ['name'])));
  return now.flatMap((gate, i) => {
    const name = textAt(gate, ['name']);
    if (names.has(name)) return [];
    return [
      forbidden(
        `spec.schedulingGates[${i}].name`,
        `only deletion is allowed, but found new scheduling gate '${name}'`,
      ),
    ];
  });
}

/** The spec without what may change. */
function fixed(spec: unknown): Record<string, unknown> {
  if (!isObject(spec)) return {};
  const { activeDeadlineSeconds, tolerations, schedulingGates, ...rest } = spec;
  void [activeDeadlineSeconds, tolerations, schedulingGates];
  for (const field of containerLists) {
    const list = rest[field];
    if (Array.isArray(list))
      rest[field] = list.map((one: unknown) => (isObject(one) ? { ...one, image: '' } : one));
  }
  return rest;
}
