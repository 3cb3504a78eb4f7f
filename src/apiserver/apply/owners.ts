import { applyDefaults } from '../../api/defaults/apply.ts';
import { apiVersionOf, resources, type Resource } from '../../api/resources.ts';
import type { Clock } from '../../lib/clock.ts';
import { customKindOf } from '../catalog/custom-kind.ts';
import type { ApiRequest } from '../http/messages.ts';
import type { StoredObject } from '../json.ts';
import type { Target } from '../routes.ts';
import { StatusError } from '../status.ts';
import { timestamp } from '../../lib/timestamp.ts';
import { hasStatus } from '../verbs/lifecycle.ts';
import type { ManagerId } from './managers.ts';
import { objectShape } from './scope.ts';
import { creationManagers, updateManagers, type Writer } from './track.ts';

/** Whom `managedFields` is to name: a writer whose part is yet to be found, or what an apply found already. */
export type Owners = { readonly writer: Writer } | { readonly managedFields: readonly object[] };

const longestManager = 128;

/**
 * Who sent a write: `fieldManager`, or what its user agent calls itself before the version, as upstream has it.
 * Throws 422 for a name that `managedFields` cannot hold.
 */
export function writerOf(
  { target, request }: { target: Target; request: ApiRequest },
  { clock, operation }: { clock: Clock; operation: ManagerId['operation'] },
): Writer {
  const { resource, subresource = '' } = target;
  const manager = request.query.get('fieldManager') || agentOf(request);
  if (manager.length > longestManager || !/^[\p{L}\p{N}\p{P}\p{S} ]*$/u.test(manager)) {
    const why = `must be at most ${longestManager} printable characters`;
    throw invalidOption('fieldManager', `Invalid value: ${why}`);
  }
  return {
    id: { manager, operation, apiVersion: apiVersionOf(resource), subresource },
    time: timestamp(clock.now()),
    writes: writesOf(target),
    shape: objectShape(resource),
  };
}

function agentOf(request: ApiRequest): string {
  const [name = ''] = (request.headers['user-agent'] ?? '').split('/', 1);
  const printable = name.replaceAll(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '').slice(0, longestManager);
  return printable === '' ? 'unknown' : printable;
}

/** A node's first status comes with the node. */
function writesOf({ resource, name, subresource }: Target): Writer['writes'] {
  if (subresource === 'status') return 'status';
  const creates = name === undefined;
  return hasStatus(resource) && !(creates && resource === resources.nodes) ? 'object' : 'both';
}

/** 422 for an option of a write, as upstream names the options of a patch. */
export function invalidOption(field: string, message: string): StatusError {
  const causes = [{ reason: 'FieldValueInvalid', message, field }];
  const group = 'meta.k8s.io';
  return new StatusError(422, 'Invalid', `PatchOptions.${group} "" is invalid: ${field}: ${message}`, {
    group,
    kind: 'PatchOptions',
    causes,
  });
}

/**
 * A new object with its owners. Its creator owns what was given and what defaults follow from that, and not what
 * the server then chose, such as addresses.
 */
export function withFirstOwners(
  admitted: StoredObject,
  { given, owners, resource }: { given: StoredObject; owners: Owners | undefined; resource: Resource },
): StoredObject {
  if (owners === undefined) return admitted;
  if ('managedFields' in owners) return withManagedFields(admitted, owners.managedFields);
  const complete = customKindOf(resource)?.withDefaults(given) ?? applyDefaults(given);
  return withManagedFields(admitted, creationManagers(complete, owners.writer));
}

/** A changed object with its owners; where nobody is named, they stay. */
export function withOwners(
  before: StoredObject,
  after: StoredObject,
  owners: Owners | undefined,
): StoredObject {
  if (owners === undefined) return withManagedFields(after, before.metadata.managedFields);
  if ('managedFields' in owners) return withManagedFields(after, owners.managedFields);
  return withManagedFields(after, updateManagers(before, after, owners.writer));
}

function withManagedFields(
  object: StoredObject,
  managedFields: readonly unknown[] | undefined,
): StoredObject {
  if (object.metadata.managedFields === managedFields) return object;
  const { managedFields: former, ...metadata } = object.metadata;
  void former;
  if (managedFields === undefined || managedFields.length === 0) return { ...object, metadata };
  return { ...object, metadata: { ...metadata, managedFields: [...managedFields] } };
}
