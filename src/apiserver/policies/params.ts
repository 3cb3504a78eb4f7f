import { apiVersionOf, keyOf, type Resource } from '../../api/resources.ts';
import { matchesSelector } from '../../api/selector.ts';
import { customKindOf } from '../catalog/custom-kind.ts';
import type { StoredObject } from '../json.ts';
import { qualifiedName } from '../status.ts';
import type { Cluster } from './match.ts';
import type { Review } from './port.ts';
import type { ParamRef, Policy, PolicyBinding } from './types.ts';

/** What a policy is evaluated with: each of the objects, or nothing; or why there is none. */
export type Params =
  | { readonly kind: 'found'; readonly objects: readonly (StoredObject | undefined)[] }
  | { readonly kind: 'problem'; readonly message: string };

interface Asked {
  readonly review: Review;
  readonly cluster: Cluster;
}

/** The objects that a binding hands to its policy. */
export function paramsOf({ spec }: Policy, binding: PolicyBinding, { review, cluster }: Asked): Params {
  const { paramKind } = spec;
  const { paramRef } = binding.spec;
  if (paramKind === undefined || paramRef === undefined) return { kind: 'found', objects: [undefined] };
  const resource = resourceOfKind(paramKind, cluster);
  if (resource === undefined) {
    const { apiVersion, kind } = paramKind;
    const why = `failed to find resource referenced by paramKind: '${apiVersion}, Kind=${kind}'`;
    return { kind: 'problem', message: `failed to configure policy: ${why}` };
  }
  const place = resource.namespaced ? (paramRef.namespace ?? namespaceIn(review)) : undefined;
  if (resource.namespaced && place === undefined) {
    const why = 'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources';
    return { kind: 'problem', message: `failed to configure binding: ${why}` };
  }
  const store = customKindOf(resource)?.store ?? cluster.store;
  const all = store.list(qualifiedName(resource), place).map(({ object }) => object);
  return orNotFound(found(all, paramRef), paramRef);
}

function resourceOfKind(
  { apiVersion, kind }: { apiVersion: string; kind: string },
  { catalog }: Cluster,
): Resource | undefined {
  return catalog.resources.find((it) => it.kind === kind && apiVersionOf(it) === apiVersion);
}

function namespaceIn({ object, old }: Review): string | undefined {
  return (object ?? old)?.metadata.namespace;
}

function orNotFound(objects: readonly StoredObject[], { parameterNotFoundAction }: ParamRef): Params {
  if (objects.length > 0 || parameterNotFoundAction === 'Allow') return { kind: 'found', objects };
  const why = 'no params found for policy binding with `Deny` parameterNotFoundAction';
  return { kind: 'problem', message: `failed to configure binding: ${why}` };
}

function found(objects: readonly StoredObject[], { name = '', selector }: ParamRef): StoredObject[] {
  if (name !== '') return objects.filter(({ metadata }) => metadata.name === name);
  return objects
    .filter(({ metadata }) => matchesSelector(selector, metadata.labels))
    .toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
}
