import { apiVersionOf, type Resource } from '../../api/resources.ts';
import { toStoredObject, type StoredObject } from '../json.ts';
import type { Target } from '../routes.ts';
import { badRequest, methodNotAllowed } from '../status.ts';

/** The object of a body that is to stand at this place; throws 400 where it says it belongs elsewhere. */
export function objectOf(target: Target, body: unknown): StoredObject {
  const { resource } = target;
  const object = toStoredObject(body);
  if (object === undefined) throw badRequest(`the body is not a ${resource.kind}`);
  requireType(resource, object);
  return placed(target, object);
}

/** What a body does not say about its type follows from where it was sent, as upstream's decoder has it. */
function requireType(resource: Resource, object: StoredObject): void {
  const expected = apiVersionOf(resource);
  object.apiVersion ??= expected;
  object.kind ??= resource.kind;
  if (object.apiVersion !== expected) {
    throw badRequest(
      `the API version in the data (${object.apiVersion}) does not match the expected API version (${expected})`,
    );
  }
  if (object.kind !== resource.kind) {
    throw badRequest(
      `the kind in the data (${object.kind}) does not match the expected kind (${resource.kind})`,
    );
  }
}

/** Fills in namespace and name from the path. */
function placed(target: Target, object: StoredObject): StoredObject {
  const { resource, namespace, name } = target;
  const metadata = { ...object.metadata };
  if (name !== undefined) {
    metadata.name ??= name;
    if (metadata.name !== name) {
      throw badRequest(
        // What is no name yet may be anything that JSON can say.
        `the name of the object (${JSON.stringify(metadata.name)}) does not match the name on the URL (${name})`,
      );
    }
  }
  if (!resource.namespaced) delete metadata.namespace;
  else {
    if (namespace === undefined) throw methodNotAllowed();
    metadata.namespace =
      metadata.namespace === undefined || metadata.namespace === '' ? namespace : metadata.namespace;
    if (metadata.namespace !== namespace) {
      throw badRequest(
        'the namespace of the provided object does not match the namespace sent on the request',
      );
    }
  }
  return { ...object, metadata };
}
