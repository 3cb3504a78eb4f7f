import type { Attributes } from '../access/port.ts';
import type { User } from '../identity/user.ts';
import { arrayAt, isObject, textAt, type JsonObject } from '../json.ts';
import { badRequest, StatusError } from '../status.ts';
import type { Question, ReviewContext } from './port.ts';

/** May I do this? */
export function reviewOwnAccess(context: ReviewContext, { spec }: Question): object {
  return decision(context, attributesIn('SelfSubjectAccessReview', spec, context.user));
}

/** May somebody do this? */
export function reviewAccess(context: ReviewContext, { spec }: Question): object {
  return decision(context, attributesIn('SubjectAccessReview', spec, userIn('SubjectAccessReview', spec)));
}

/** The same, in the namespace of the path, for those who may ask about no other. */
export function reviewLocalAccess(context: ReviewContext, { spec, namespace }: Question): object {
  const kind = 'LocalSubjectAccessReview';
  const attributes = attributesIn(kind, spec, userIn(kind, spec));
  const named = 'namespace' in attributes ? attributes.namespace : '';
  if (named !== namespace) {
    throw badRequest(`spec.resourceAttributes.namespace must match metadata.namespace: ${namespace}`);
  }
  return decision(context, attributes);
}

function decision({ authorizer }: ReviewContext, attributes: Attributes): object {
  const { allowed, reason } = authorizer.decide(attributes);
  return { allowed, ...(reason !== '' && { reason }) };
}

function userIn(kind: string, spec: JsonObject): User {
  const name = textAt(spec, ['user']);
  const groups = textsAt(spec, 'groups');
  if (name === '' && groups.length === 0) {
    throw invalidSpec(kind, 'user', 'at least one of user or group must be specified');
  }
  const uid = textAt(spec, ['uid']);
  return { name, groups, ...(uid !== '' && { uid }) };
}

function textsAt(spec: JsonObject, field: string): string[] {
  return arrayAt(spec, [field]).filter((item) => typeof item === 'string');
}

function attributesIn(kind: string, spec: JsonObject, user: User): Attributes {
  const [resource, path] = [spec['resourceAttributes'], spec['nonResourceAttributes']];
  if (isObject(resource) === isObject(path)) {
    const why = isObject(path)
      ? 'cannot be specified in combination with resourceAttributes'
      : 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
    throw invalidSpec(kind, isObject(path) ? 'nonResourceAttributes' : 'resourceAttributes', why);
  }
  const of = (field: string): string => textAt(resource ?? path, [field]);
  if (isObject(path)) return { user, verb: of('verb'), path: of('path') };
  const fields = exactFields(resource);
  return {
    user,
    verb: of('verb'),
    namespace: of('namespace'),
    group: of('group'),
    version: of('version'),
    resource: of('resource'),
    subresource: of('subresource'),
    name: of('name'),
    ...(fields !== undefined && { fields }),
  };
}

/** The requirements that a field selector makes with one value each (authorization.k8s.io/v1 FieldSelectorAttributes). */
function exactFields(resource: unknown): Record<string, string> | undefined {
  const requirements = arrayAt(resource, ['fieldSelector', 'requirements']).filter(isObject);
  if (requirements.length === 0) return undefined;
  return Object.fromEntries(
    requirements
      .filter((it) => it['operator'] === 'In' && arrayAt(it, ['values']).length === 1)
      .map((it) => [textAt(it, ['key']), String(arrayAt(it, ['values'])[0])]),
  );
}

function invalidSpec(kind: string, field: string, why: string): StatusError {
  const cause = { reason: 'FieldValueInvalid', message: `Invalid value: ${why}`, field: `spec.${field}` };
  const message = `${kind}.authorization.k8s.io "" is invalid: ${cause.field}: ${cause.message}`;
  const details = { group: 'authorization.k8s.io', kind, causes: [cause] };
  return new StatusError(422, 'Invalid', message, details);
}
