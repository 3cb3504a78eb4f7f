import type { Resource } from '../../api/resources.ts';
import { sameJson, valueAt, type StoredObject } from '../json.ts';
import { invalid, invalidValue, qualifiedName } from '../status.ts';

/** Fields that are for good, by the resource's qualified name, as upstream's update validation has them. */
const immutableFields: Readonly<Record<string, readonly string[]>> = {
  // What a network is built on: pods and Services hold addresses by it.
  'clusternetworks.weft.dev': ['spec.model', 'spec.podCIDR', 'spec.serviceCIDR'],
  'endpointslices.discovery.k8s.io': ['addressType'],
  'servicecidrs.networking.k8s.io': ['spec.cidrs'],
  'ipaddresses.networking.k8s.io': ['spec.parentRef'],
  'ingressclasses.networking.k8s.io': ['spec.controller'],
  'deployments.apps': ['spec.selector'],
  'replicasets.apps': ['spec.selector'],
  'daemonsets.apps': ['spec.selector'],
  'statefulsets.apps': ['spec.selector', 'spec.serviceName', 'spec.podManagementPolicy'],
  'jobs.batch': ['spec.selector', 'spec.completionMode'],
  secrets: ['type'],
};

/** 422 naming each field that may not change after creation and did. */
export function requireUnchanged(resource: Resource, object: StoredObject, previous: StoredObject): void {
  const name = qualifiedName(resource);
  const fields = Object.hasOwn(immutableFields, name) ? immutableFields[name] : undefined;
  if (fields === undefined) return;
  const causes = fields.flatMap((field) => {
    const path = field.split('.');
    const value = valueAt(object, path);
    const same = sameJson(value ?? null, valueAt(previous, path) ?? null);
    return same ? [] : [invalidValue(field, value ?? null, 'field is immutable')];
  });
  if (causes.length > 0) throw invalid(resource, object.metadata.name, causes);
}
