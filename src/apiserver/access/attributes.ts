import { parseFieldSelector } from '../../api/selector.ts';
import type { ApiRequest } from '../http/messages.ts';
import type { User } from '../identity/user.ts';
import { badRequest } from '../status.ts';
import { flagOf } from '../verbs/query.ts';
import type { Attributes, ResourceAttributes } from './port.ts';

type Asked = Pick<ApiRequest, 'method' | 'path' | 'query'>;

/**
 * What a request wants, by its method and path alone, whether or not anything is served there: whoever may not ask
 * does not learn it. Paths are read as upstream's RequestInfo reads them. Throws 400 for broken percent-encoding.
 */
export function attributesOf(request: Asked, user: User): Attributes {
  const place = placeOf(request.path);
  if (place === undefined) {
    const path = request.path.replace(/(?<=.)\/+$/, '');
    return { user, verb: request.method.toLowerCase(), path };
  }
  const fields = place.name === '' ? exactFields(request.query) : undefined;
  const verb = verbOf(request, place);
  const name = place.name === '' ? (fields?.['metadata.name'] ?? '') : place.name;
  return { ...place, user, verb, name, ...(fields !== undefined && { fields }) };
}

type Place = Omit<ResourceAttributes, 'user' | 'verb' | 'fields'>;

/** Undefined for what is no resource's path. */
function placeOf(path: string): Place | undefined {
  const [root, ...rest] = path
    .split('/')
    .filter((part) => part !== '')
    .map(decode);
  if (root !== 'api' && root !== 'apis') return undefined;
  const group = root === 'api' ? '' : (rest.shift() ?? '');
  const [version = '', ...parts] = rest;
  if (parts.length === 0) return undefined;
  return { group, version, ...objectOf(parts) };
}

function objectOf(parts: readonly string[]): Pick<Place, 'namespace' | 'resource' | 'name' | 'subresource'> {
  const namespace = parts[0] === 'namespaces' ? (parts[1] ?? '') : '';
  const [resource = '', name = '', subresource = ''] = isInNamespace(parts) ? parts.slice(2) : parts;
  return { namespace, resource, name, subresource };
}

/** The subresources of a namespace are its own, everything else after its name is in it. */
function isInNamespace([first, , third]: readonly string[]): boolean {
  return first === 'namespaces' && third !== undefined && !namespaceSubresources.has(third);
}

const namespaceSubresources = new Set(['status', 'finalize']);

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw badRequest('the path is not valid percent-encoding');
  }
}

const verbs: Readonly<Record<string, string>> = {
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  GET: 'get',
  HEAD: 'get',
  DELETE: 'delete',
};

function verbOf({ method, query }: Asked, { name, subresource }: Place): string {
  const verb = Object.hasOwn(verbs, method) ? (verbs[method] ?? '') : '';
  if (verb === 'delete' && name === '') return 'deletecollection';
  if (verb !== 'get') return verb;
  // A watch of one object by its path shows as much as a watch of all that selects it.
  if (subresource === '' && flagOf(query, 'watch')) return 'watch';
  return name === '' ? 'list' : verb;
}

/** The fields that a list selects by equality; undefined where it selects nothing, or what cannot be read. */
function exactFields(query: URLSearchParams): Record<string, string> | undefined {
  const selector = query.get('fieldSelector') ?? '';
  if (selector === '') return undefined;
  try {
    const exact = parseFieldSelector(selector).filter(({ equal }) => equal);
    return Object.fromEntries(exact.map(({ path, value }) => [path, value]));
  } catch {
    return undefined;
  }
}
