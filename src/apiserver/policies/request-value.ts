import type { Value } from '../cel/values/value.ts';
import type { Review } from './port.ts';

/** admission/v1 AdmissionRequest of a write. */
export function requestValue(
  { operation, resource, subresource = '', object, old, dryRun }: Review,
  user: string,
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
    userInfo: { username: user, uid: '', groups: ['system:authenticated'], extra: {} },
    dryRun,
    options: {},
  };
}
