import type { Resource } from '../api/resources.ts';
import type { Catalog } from './catalog/port.ts';
import { badRequest } from './status.ts';

/** What a path under /api or /apis asks for. */
export type Route =
  | { readonly kind: 'versions' }
  | { readonly kind: 'groups' }
  | { readonly kind: 'group'; readonly group: string }
  | { readonly kind: 'resources'; readonly group: string; readonly version: string }
  | ({ readonly kind: 'objects' } & Target);

/** A resource, or one object of it, or a subresource of that. */
export interface Target {
  readonly resource: Resource;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

/** Where the path leads; undefined when nowhere. Throws 400 for broken percent-encoding. */
export function routeOf(path: string, catalog: Catalog): Route | undefined {
  const [, root, ...rest] = path.replace(/\/$/, '').split('/').map(decode);
  if (root === 'api') return rest.length === 0 ? { kind: 'versions' } : versionRoute(catalog, '', rest);
  if (root !== 'apis') return undefined;
  const [group, ...tail] = rest;
  if (group === undefined) return { kind: 'groups' };
  if (group === '' || !catalog.hasGroup(group)) return undefined;
  return tail.length === 0 ? { kind: 'group', group } : versionRoute(catalog, group, tail);
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw badRequest('the path is not valid percent-encoding');
  }
}

function versionRoute(catalog: Catalog, group: string, [version = '', ...rest]: string[]): Route | undefined {
  if (!catalog.hasVersion(group, version)) return undefined;
  if (rest.length === 0) return { kind: 'resources', group, version };
  const target = targetOf(rest, (plural) => catalog.find({ group, version, plural }));
  return target === undefined ? undefined : { kind: 'objects', ...target };
}

/** `RESOURCE[/NAME[/SUB]]` or `namespaces/NAMESPACE/RESOURCE[/NAME[/SUB]]`. */
function targetOf(path: string[], find: (plural: string) => Resource | undefined): Target | undefined {
  if (path.slice(0, 5).includes('')) return undefined;
  const scoped = path[0] === 'namespaces' && path.length >= 3 ? find(path[2] ?? '') : undefined;
  if (scoped?.namespaced === true) return target(scoped, path.slice(3), path[1]);
  const resource = find(path[0] ?? '');
  if (resource === undefined) return undefined;
  // Over all namespaces a resource can only be listed.
  if (resource.namespaced && path.length > 1) return undefined;
  return target(resource, path.slice(1), undefined);
}

function target(resource: Resource, rest: string[], namespace: string | undefined): Target | undefined {
  const [name, subresource] = rest;
  // Behind `proxy` comes a path of somebody else's.
  if (rest.length > 2 && subresource !== 'proxy') return undefined;
  if (subresource !== undefined && !isServed(resource, subresource)) return undefined;
  return {
    resource,
    ...(namespace !== undefined && { namespace }),
    ...(name !== undefined && { name }),
    ...(subresource !== undefined && { subresource }),
  };
}

/** Namespaces have one more subresource than the table says, for clients that clear `spec.finalizers`. */
function isServed(resource: Resource, subresource: string): boolean {
  return (
    resource.subresources.includes(subresource) ||
    (resource.plural === 'namespaces' && subresource === 'finalize')
  );
}
