import type { IntOrString, KubernetesObject, LabelSelector } from '../types/meta.ts';
import { checkSelector, checkSyntax } from './checks.ts';
import { qualifiedName } from './names.ts';
import { forbidden, invalid, required, type FieldProblem } from './problem.ts';

/** A number of pods, or a share of them. */
type Amount = IntOrString | undefined;

interface Budget extends KubernetesObject {
  spec?: { minAvailable?: IntOrString; maxUnavailable?: IntOrString; selector?: LabelSelector };
  status?: Readonly<Record<string, unknown>>;
}

/** Rules for PodDisruptionBudgets (policy validation `ValidatePodDisruptionBudgetSpec`). */
export function budgetProblems(object: KubernetesObject): FieldProblem[] {
  // The schema says that this object is a PodDisruptionBudget.
  const { spec = {} } = object as Budget;
  const { minAvailable, maxUnavailable, selector } = spec;
  const problems: FieldProblem[] = [];
  if (minAvailable !== undefined && maxUnavailable !== undefined)
    problems.push(invalid('spec', spec, 'minAvailable and maxUnavailable cannot be both set'));
  return [
    ...problems,
    ...amountProblems('spec.minAvailable', minAvailable),
    ...amountProblems('spec.maxUnavailable', maxUnavailable),
    ...checkSelector('spec.selector', selector),
  ];
}

/** Not negative, and not more than all. */
export function amountProblems(path: string, amount: Amount): FieldProblem[] {
  if (amount === undefined) return [];
  if (typeof amount === 'number')
    return amount < 0 ? [invalid(path, amount, 'must be greater than or equal to 0')] : [];
  if (!/^\d+%$/.test(amount))
    return [invalid(path, amount, "must be a number, or a share of all such as '25%'")];
  return Number.parseInt(amount, 10) > 100 ? [invalid(path, amount, 'must not be greater than 100%')] : [];
}

/** Counts that are below nothing. */
export function negativeCounts(path: string, counts: object, fields: readonly string[]): FieldProblem[] {
  const values = new Map<string, unknown>(Object.entries(counts));
  return fields.flatMap((field) => {
    const count = values.get(field);
    if (typeof count !== 'number' || count >= 0) return [];
    return [invalid(`${path}.${field}`, count, 'must be greater than or equal to 0')];
  });
}

const budgetCounts = ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'];

/** Rules for the status of a PodDisruptionBudget. */
export function budgetStatusProblems(object: KubernetesObject): FieldProblem[] {
  return negativeCounts('status', (object as Budget).status ?? {}, budgetCounts);
}

interface Lease extends KubernetesObject {
  spec?: { leaseDurationSeconds?: number; leaseTransitions?: number };
}

/** Rules for Leases (coordination validation `ValidateLeaseSpec`). */
export function leaseProblems(object: KubernetesObject): FieldProblem[] {
  const { leaseDurationSeconds = 1, leaseTransitions = 0 } = (object as Lease).spec ?? {};
  const problems: FieldProblem[] = [];
  if (leaseDurationSeconds <= 0)
    problems.push(invalid('spec.leaseDurationSeconds', leaseDurationSeconds, 'must be greater than 0'));
  return [...problems, ...negativeCounts('spec', { leaseTransitions }, ['leaseTransitions'])];
}

interface StorageClass extends KubernetesObject {
  provisioner?: string;
}

/** Rules for StorageClasses (storage validation `ValidateStorageClass`). */
export function storageClassProblems(object: KubernetesObject): FieldProblem[] {
  const { provisioner = '' } = object as StorageClass;
  if (provisioner === '') return [required('provisioner')];
  return checkSyntax('provisioner', provisioner.toLowerCase(), qualifiedName);
}

interface PriorityClass extends KubernetesObject {
  value?: number;
}

const highestPriority = 1_000_000_000;

/** Rules for PriorityClasses (scheduling validation `ValidatePriorityClass`). */
export function priorityClassProblems(object: KubernetesObject): FieldProblem[] {
  const { metadata, value = 0 } = object as PriorityClass;
  const systemNames = ['system-cluster-critical', 'system-node-critical'];
  if (metadata.name.startsWith('system-') && !systemNames.includes(metadata.name))
    return [forbidden('metadata.name', "names that begin with 'system-' are for the system")];
  if (metadata.name.startsWith('system-') || value <= highestPriority) return [];
  const detail = `maximum allowed value of a user defined priority is ${highestPriority}`;
  return [forbidden('value', detail)];
}
