import type { Resource } from '../../api/resources.ts';
import { invalid, type FieldProblem } from '../../api/validate/problem.ts';
import { sameJson, valueAt, type StoredObject } from '../json.ts';
import { qualifiedName } from '../status.ts';

/** Fields that are for good, by the resource's qualified name, as upstream's update validation has them. */
const immutableFields: Readonly<Record<string, readonly string[]>> = {
  // What a network is built on: pods and Services hold addresses by it.
  'clusternetworks.weft.dev': [
    'spec.model',
    'spec.podCIDR',
    'spec.serviceCIDR',
    'spec.podSubnet',
    'spec.podIPAllocation',
    'spec.cniMode',
  ],
  'endpointslices.discovery.k8s.io': ['addressType'],
  'ipaddresses.networking.k8s.io': ['spec.parentRef'],
  'ingressclasses.networking.k8s.io': ['spec.controller'],
  'deployments.apps': ['spec.selector'],
  'replicasets.apps': ['spec.selector'],
  'daemonsets.apps': ['spec.selector'],
  'jobs.batch': [
    'spec.selector',
    'spec.completionMode',
    'spec.podFailurePolicy',
    'spec.backoffLimitPerIndex',
    'spec.managedBy',
    'spec.successPolicy',
  ],
  'rolebindings.rbac.authorization.k8s.io': ['roleRef'],
  'clusterrolebindings.rbac.authorization.k8s.io': ['roleRef'],
  'storageclasses.storage.k8s.io': ['provisioner', 'parameters', 'reclaimPolicy', 'volumeBindingMode'],
  'priorityclasses.scheduling.k8s.io': ['preemptionPolicy'],
  secrets: ['type'],
};

/** The fields that may not change after creation and did. */
export function immutableProblems(
  resource: Resource,
  object: StoredObject,
  previous: StoredObject,
): FieldProblem[] {
  const name = qualifiedName(resource);
  const fields = Object.hasOwn(immutableFields, name) ? immutableFields[name] : undefined;
  return (fields ?? []).flatMap((field) => {
    const path = field.split('.');
    const value = valueAt(object, path);
    const same = sameJson(value ?? null, valueAt(previous, path) ?? null);
    return same ? [] : [invalid(field, value ?? null, 'field is immutable')];
  });
}
