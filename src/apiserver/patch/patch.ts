import { apiVersionOf } from '../../api/resources.ts';
import { typeNameOf } from '../../api/schema/schema.ts';
import { invalidOption, writerOf } from '../apply/owners.ts';
import { mediaTypeOf, parseBody } from '../body.ts';
import { customKindOf } from '../catalog/custom-kind.ts';
import { jsonResponse, type ApiRequest, type ApiResponse } from '../http/messages.ts';
import { isJsonObject, toJson, toStoredObject, type JsonObject, type StoredObject } from '../json.ts';
import type { Api } from '../port.ts';
import { representationOf } from '../representation.ts';
import type { Target } from '../routes.ts';
import { badRequest, invalid, invalidValue, unsupportedMediaType } from '../status.ts';
import { checkFields } from '../verbs/fields.ts';
import { writeOptionsOf } from '../verbs/options.ts';
import { entryAt } from '../verbs/read.ts';
import { scaleOf, setScale } from '../verbs/scale.ts';
import { replace } from '../verbs/update.ts';
import { loadJsonPatch } from './json-patch.ts';
import { mergePatch } from './merge.ts';
import { strategicMergePatch } from './strategic.ts';

const mergeType = 'application/merge-patch+json';
const jsonType = 'application/json-patch+json';
const applyType = 'application/apply-patch+yaml';
const strategicType = 'application/strategic-merge-patch+json';

export async function patchObject(api: Api, target: Target, request: ApiRequest): Promise<ApiResponse> {
  if (mediaTypeOf(request) === applyType) {
    const { applyObject } = await import('../apply/verb.ts');
    return applyObject(api, target, request);
  }
  const options = writeOptionsOf(request.query);
  if (options.force) throw invalidOption('force', 'Forbidden: may not be specified for non-apply patch');
  const representation = await representationOf(request, target.resource, api.clock);
  // Everything that has to be waited for comes before the object is read: nothing may change it meanwhile.
  const apply = await patcher(target, request, await parseBody(request));
  if (target.subresource === 'scale') {
    const scale = apply(scaleOf(target.resource, entryAt(api, target).object));
    return setScale(api, target, { scale, request });
  }
  const current = entryAt(api, target);
  const desired = toStoredObject(apply(toJson(current.object)));
  if (desired === undefined) throw badRequest('the patch leaves no object');
  requireIdentity(target, desired, current.object);
  const { object, headers } = checkFields(api, target.resource, { object: desired, options });
  const { resource, subresource } = target;
  const owners = { writer: writerOf({ target, request }, { clock: api.clock, operation: 'Update' }) };
  const replacement = { current, desired: object, options, owners, ...(subresource && { subresource }) };
  return jsonResponse(200, representation.one(replace(api, resource, replacement)), headers);
}

/** The patch as a function, by the media type of the body; throws 415 for types that the resource has not. */
async function patcher(
  target: Target,
  request: ApiRequest,
  patch: unknown,
): Promise<(on: JsonObject) => unknown> {
  const type = mediaTypeOf(request);
  if (type === jsonType) {
    const jsonPatch = await loadJsonPatch();
    return (on) => jsonPatch(on, patch);
  }
  if (!isJsonObject(patch)) throw badRequest('the patch is not an object');
  if (type === mergeType) return (on) => mergePatch(on, patch);
  // As upstream: resources that are not built in have no merge keys.
  const types = [jsonType, mergeType];
  if (hasMergeKeys(target)) types.push(strategicType);
  types.push(applyType);
  if (type !== strategicType || !types.includes(type)) throw unsupportedMediaType(types);
  const { apiVersion, kind } = { apiVersion: apiVersionOf(target.resource), kind: target.resource.kind };
  return (on) => strategicMergePatch(on, patch, typeNameOf(apiVersion, kind));
}

function hasMergeKeys({ resource, subresource }: Target): boolean {
  if (customKindOf(resource) !== undefined) return false;
  return !resource.group.endsWith('weft.dev') && subresource !== 'scale';
}

/** A patch cannot make an object another one. */
function requireIdentity(target: Target, desired: StoredObject, current: StoredObject): void {
  const { resource, name = '' } = target;
  if (desired.apiVersion !== current.apiVersion || desired.kind !== current.kind) {
    throw badRequest('a patch may not change apiVersion or kind');
  }
  if (desired.metadata.name !== current.metadata.name) {
    const given = JSON.stringify(desired.metadata.name);
    throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
  }
  for (const field of ['namespace', 'uid'] as const) {
    if (desired.metadata[field] === current.metadata[field]) continue;
    const cause = invalidValue(`metadata.${field}`, desired.metadata[field], 'field is immutable');
    throw invalid(resource, name, [cause]);
  }
}
