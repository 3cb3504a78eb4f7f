import { resourceOf } from '../resources.ts';
import { acceptedKinds } from '../schema/accepted.ts';
import type { KubernetesObject } from '../types/meta.ts';
import { checkLabels, checkSyntax } from './checks.ts';
import { dnsLabel, dnsSubdomain, pathSegment, qualifiedName } from './names.ts';
import { invalid, required, tooLong, type FieldProblem } from './problem.ts';

/** All annotations of an object together, keys and values, in bytes. */
const annotationsLimit = 256 * 1024;

/** Rules for ObjectMeta (apimachinery `ValidateObjectMeta`) with the kind's own rule for names. */
export function metadataProblems(
  object: KubernetesObject,
  syntax: (name: string) => string | undefined = nameSyntax(object),
): FieldProblem[] {
  // Absent metadata is an object without a name.
  const metadata: Partial<KubernetesObject['metadata']> = object.metadata ?? {};
  return [
    ...nameProblems(metadata, syntax),
    ...(metadata.namespace === undefined || metadata.namespace === ''
      ? []
      : checkSyntax('metadata.namespace', metadata.namespace, dnsLabel)),
    ...checkLabels('metadata.labels', metadata.labels),
    ...annotationProblems(metadata.annotations ?? {}),
    ...finalizerProblems(metadata.finalizers ?? []),
    ...ownerProblems(metadata.ownerReferences ?? []),
  ];
}

const standardFinalizers = ['kubernetes', 'orphan', 'foregroundDeletion'];

function finalizerProblems(finalizers: readonly string[]): FieldProblem[] {
  const path = 'metadata.finalizers';
  const problems = finalizers.flatMap((one, i) => [
    ...checkSyntax(path, one, qualifiedName),
    ...(one.includes('/') || standardFinalizers.includes(one)
      ? []
      : [
          invalid(
            `${path}[${i}]`,
            one,
            'name is neither a standard finalizer name nor is it fully qualified',
          ),
        ]),
  ]);
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion'))
    problems.push(invalid(path, finalizers, 'orphan and foregroundDeletion cannot be both set'));
  return problems;
}

type Owner = NonNullable<KubernetesObject['metadata']['ownerReferences']>[number];

/** Owners are named in full, at most one controls, and what only tells of others owns nothing. */
function ownerProblems(owners: readonly Owner[]): FieldProblem[] {
  const path = 'metadata.ownerReferences';
  const ofEach = owners.flatMap((owner) => {
    const missing = (['apiVersion', 'kind', 'name', 'uid'] as const).filter((field) => !owner[field]);
    const problems = missing.map((field) => invalid(`${path}.${field}`, '', 'must not be empty'));
    if (owner.apiVersion === 'v1' && owner.kind === 'Event')
      problems.push(invalid(path, owner, '/v1, Kind=Event is disallowed from being an owner'));
    return problems;
  });
  if (owners.filter(({ controller }) => controller === true).length < 2) return ofEach;
  return [...ofEach, invalid(path, owners, 'only one reference can have controller set to true')];
}

function nameProblems(
  metadata: Partial<KubernetesObject['metadata']>,
  syntax: (name: string) => string | undefined,
): FieldProblem[] {
  if (metadata.name !== undefined && metadata.name !== '')
    return checkSyntax('metadata.name', metadata.name, syntax);
  if (metadata.generateName === undefined || metadata.generateName === '') {
    return [required('metadata.name', 'name or generateName is required')];
  }
  // What the API server appends begins and ends with a letter or digit.
  const detail = syntax(`${metadata.generateName}x`);
  return detail === undefined
    ? []
    : checkSyntax('metadata.generateName', metadata.generateName, () => detail);
}

function nameSyntax(object: KubernetesObject): (name: string) => string | undefined {
  const { apiVersion, kind } = object;
  // Names of Services may begin with a digit since 1.36 (KEP-5311).
  if (apiVersion === 'v1' && (kind === 'Service' || kind === 'Namespace')) return dnsLabel;
  if (apiVersion.startsWith('rbac.')) return pathSegment;
  // The name of an IPAddress is the address; whether it is one, its own rules say.
  if (apiVersion === 'networking.k8s.io/v1' && kind === 'IPAddress') return pathSegment;
  const known =
    resourceOf(object) !== undefined ||
    acceptedKinds.some((one) => one.apiVersion === apiVersion && one.kind === kind);
  return known ? dnsSubdomain : pathSegment;
}

function annotationProblems(annotations: Readonly<Record<string, string>>): FieldProblem[] {
  const path = 'metadata.annotations';
  const entries = Object.entries(annotations);
  const size = entries.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  const keys = entries.flatMap(([key]) =>
    checkSyntax(path, key, (text) => qualifiedName(text.toLowerCase())),
  );
  return size > annotationsLimit ? [...keys, tooLong(path, annotationsLimit)] : keys;
}
