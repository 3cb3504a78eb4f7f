import type { Value } from '../cel/values/value.ts';
import type { User } from '../identity/user.ts';
import type { Review } from './port.ts';

/** admission/v1 AdmissionRequest of a write. */
export function requestValue(
  { operation, resource, subresource = '', object, old, dryRun }: Review,
  user: User,
): Value {
  const { group, version, plural } = resource;
  const { name = '', namespace = '' } = (object ?? old)?.metadata ?? {};
  const kind = { group, version, kind: resource.kind };
  const place = { group, version, resource: plural };
  return {
    kind,
    resource: place,
    subResource: subresource,
    requestKind: kind,
    requestResource: place,
    requestSubResource: subresource,
    name,
    namespace,
    operation,
    userInfo: userInfoValue(user),
    dryRun,
    options: {},
  };
}

/** authentication/v1 UserInfo. */
function userInfoValue({ name, uid = '', groups, extra = {} }: User): Value {
  const lists = Object.entries(extra).map(([key, values]) => [key, [...values]] as const);
  return { username: name, uid, groups: [...groups], extra: Object.fromEntries(lists) };
}
