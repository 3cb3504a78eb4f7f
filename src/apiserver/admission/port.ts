import type { Resource } from '../../api/resources.ts';
import type { StoredObject } from '../json.ts';

/** What happens to an object between the client and the store. */
export interface Admission {
  /**
   * Namespace, defaults, allocations and validation of a new object, or of one that replaces `previous`.
   * Returns the object to store; throws a StatusError: 422 where it breaks a rule, 403 or 404 where it may
   * not be there.
   */
  admit(resource: Resource, object: StoredObject, previous?: StoredObject): StoredObject;
  /** The object without fields that are null or that the resource does not have; the paths of the latter. */
  prune(resource: Resource, object: StoredObject): { object: StoredObject; unknown: string[] };
}
