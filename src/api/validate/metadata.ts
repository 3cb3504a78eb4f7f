import { resourceOf } from '../resources.ts';
import { acceptedKinds } from '../schema/accepted.ts';
import type { KubernetesObject } from '../types/meta.ts';
import { checkLabels, checkSyntax } from './checks.ts';
import { dns1035Label, dnsLabel, dnsSubdomain, pathSegment, qualifiedName } from './names.ts';
import { required, tooLong, type FieldProblem } from './problem.ts';

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
  ];
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
  if (apiVersion === 'v1' && kind === 'Service') return dns1035Label;
  if (apiVersion === 'v1' && kind === 'Namespace') return dnsLabel;
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
