import { accessForbidden } from '../access/forbidden.ts';
import type { Authorizer, ResourceAttributes } from '../access/port.ts';
import type { ApiRequest } from '../http/messages.ts';
import { badRequest } from '../status.ts';
import { authenticated, serviceAccountGroups, serviceAccountOf, type User } from './user.ts';

type Headers = Pick<ApiRequest, 'headers' | 'rawHeaders'>;

const prefix = 'impersonate-';
const extraPrefix = 'impersonate-extra-';

/**
 * Whom a request is made as: its sender, or whom it asks to be taken for with `Impersonate-` headers. The sender needs
 * the verb `impersonate` on each: the user or service account, every group, the uid and every value of extra. Throws
 * 403, and 400 for groups without a user and headers that impersonate nothing.
 */
export function effectiveUser(request: Headers, sender: User, authorizer: Authorizer): User {
  if (!Object.keys(request.headers).some((name) => name.startsWith(prefix))) return sender;
  const wanted = read(request);
  if (wanted.name === '') throw badRequest('requested to impersonate groups, uid or extra without a user');
  for (const one of demands(wanted)) {
    const attributes: ResourceAttributes = { ...nothing, ...one, user: sender, verb: 'impersonate' };
    const { allowed, reason } = authorizer.decide(attributes);
    if (!allowed) throw accessForbidden(attributes, reason);
  }
  return complete(wanted);
}

const nothing = { namespace: '', group: '', version: 'v1', resource: '', subresource: '', name: '' };

function read(request: Headers): User {
  // A map: a key may be `__proto__`.
  const extra = new Map<string, string[]>();
  const groups: string[] = [];
  let [name, uid] = ['', ''];
  for (const [header, value] of pairs(request)) {
    if (header === 'impersonate-user') name = value;
    else if (header === 'impersonate-uid') uid = value;
    else if (header === 'impersonate-group') groups.push(value);
    else if (header.startsWith(extraPrefix)) add(extra, keyOf(header), value);
    else if (header.startsWith(prefix)) throw badRequest(`${header} is no header of impersonation`);
  }
  return {
    name,
    groups,
    ...(uid !== '' && { uid }),
    ...(extra.size > 0 && { extra: Object.fromEntries(extra) }),
  };
}

function add(extra: Map<string, string[]>, key: string, value: string): void {
  const values = extra.get(key);
  if (values === undefined) extra.set(key, [value]);
  else values.push(value);
}

/** Headers as they came: a group may have a comma in its name, so that joined ones cannot be told apart. */
function* pairs({ headers, rawHeaders }: Headers): Iterable<[string, string]> {
  if (rawHeaders === undefined) {
    for (const [name, value] of Object.entries(headers)) yield [name, value ?? ''];
    return;
  }
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    yield [(rawHeaders[i] ?? '').toLowerCase(), rawHeaders[i + 1] ?? ''];
  }
}

/** Keys of extra are escaped like parts of a URL, for not every character may be in a header's name. */
function keyOf(header: string): string {
  const key = header.slice(extraPrefix.length);
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

function* demands({ name, uid, groups, extra = {} }: User): Iterable<Partial<ResourceAttributes>> {
  const account = serviceAccountOf(name);
  if (account === undefined) yield { resource: 'users', name };
  else yield { resource: 'serviceaccounts', ...account };
  for (const group of groups) yield { resource: 'groups', name: group };
  const authentication = { group: 'authentication.k8s.io' };
  if (uid !== undefined) yield { ...authentication, resource: 'uids', name: uid };
  for (const [subresource, values] of Object.entries(extra)) {
    for (const value of values) yield { ...authentication, resource: 'userextras', subresource, name: value };
  }
}

/** With the groups that the user would have had by coming in itself. */
function complete(wanted: User): User {
  const account = wanted.groups.length === 0 ? serviceAccountOf(wanted.name) : undefined;
  const groups = account === undefined ? wanted.groups : serviceAccountGroups(account.namespace);
  const user = { ...wanted, groups };
  const isAnonymous = wanted.name === 'system:anonymous' || groups.includes('system:unauthenticated');
  return isAnonymous ? user : authenticated(user);
}
