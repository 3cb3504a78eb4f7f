import type { Resource } from '../../api/resources.ts';
import { WeftError } from '../../lib/errors.ts';
import type { ObjectName } from '../port.ts';

/** `/apis/apps/v1/namespaces/shop/deployments`: where a resource's collection is; of all namespaces without one. */
export function collectionPath(resource: Resource, namespace?: string): string {
  const root = versionPath(resource);
  if (namespace === undefined || !resource.namespaced) return `${root}/${resource.plural}`;
  return `${root}/namespaces/${segment(namespace)}/${resource.plural}`;
}

/** `/apis/apps/v1`: where a version of a group says what is in it. */
export function versionPath({ group, version }: Pick<Resource, 'group' | 'version'>): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
}

/** Where one object is, or its subresource. */
export function objectPath(resource: Resource, name: ObjectName, subresource?: string): string {
  if (resource.namespaced && name.namespace === undefined) {
    throw new WeftError('api-invalid', `${resource.kind} ${name.name} needs a namespace`);
  }
  const path = `${collectionPath(resource, name.namespace)}/${segment(name.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

/** A name as one path segment: it can neither end the segment nor climb out of it. */
function segment(name: string): string {
  if (name === '' || name === '.' || name === '..') {
    throw new WeftError('api-invalid', `${JSON.stringify(name)} is not the name of an object`);
  }
  return encodeURIComponent(name);
}
