import { randomInt, randomUUID } from 'node:crypto';
import type { Resource } from '../../api/resources.ts';
import { keyOf } from '../../api/resources.ts';
import { withFirstOwners, writerOf, type Owners } from '../apply/owners.ts';
import { parseBody } from '../body.ts';
import { jsonResponse, type ApiRequest, type ApiResponse } from '../http/messages.ts';
import type { StoredObject } from '../json.ts';
import type { Api } from '../port.ts';
import { representationOf } from '../representation.ts';
import type { Target } from '../routes.ts';
import { alreadyExists, badRequest, invalid, qualifiedName } from '../status.ts';
import type { Entry } from '../store/port.ts';
import { timestamp } from '../../lib/timestamp.ts';
import { objectOf } from './body-object.ts';
import { checkFields } from './fields.ts';
import { countsGenerations, initialStatus } from './lifecycle.ts';
import { writeOptionsOf, type WriteOptions } from './options.ts';

export async function createObject(api: Api, target: Target, request: ApiRequest): Promise<ApiResponse> {
  const options = writeOptionsOf(request.query);
  const representation = await representationOf(request, target.resource, api.clock);
  const given = objectOf(target, await parseBody(request));
  const { object, headers } = checkFields(api, target.resource, { object: given, options });
  const owners = { writer: writerOf({ target, request }, { clock: api.clock, operation: 'Update' }) };
  const entry = create(api, target.resource, { object, options, owners });
  return jsonResponse(201, representation.one(entry), headers);
}

interface Creation {
  readonly object: StoredObject;
  readonly options: Pick<WriteOptions, 'dryRun'>;
  /** Nobody where absent. */
  readonly owners?: Owners;
}

/** Names, completes and stores a new object; throws 409 where there is one of that name. */
export function create(api: Api, resource: Resource, { object, options, owners }: Creation): Entry {
  const named = nameObject(api, resource, object);
  const key = keyOf(named);
  const store = qualifiedName(resource);
  if (api.store.get(store, key) !== undefined) throw alreadyExists(resource, named.metadata.name);
  const admitted = api.admission.admit(resource, initialStatus(resource, born(api, resource, named)));
  const { dryRun } = options;
  api.askPolicies?.({ operation: 'CREATE', resource, object: admitted, old: undefined, dryRun });
  const owned = withFirstOwners(admitted, { given: named, owners, resource });
  if (!options.dryRun) return api.store.put(store, key, owned);
  return { key, rv: 0, object: owned, text: JSON.stringify(owned) };
}

/** The metadata that only the server sets. */
function born(api: Api, resource: Resource, object: StoredObject): StoredObject {
  const { resourceVersion, deletionTimestamp, deletionGracePeriodSeconds, ...rest } = object.metadata;
  if (resourceVersion !== undefined && resourceVersion !== '') {
    throw badRequest('resourceVersion should not be set on objects to be created');
  }
  const creationTimestamp = timestamp(api.clock.now());
  const generation = countsGenerations(resource, object) && { generation: 1 };
  const metadata = { ...rest, uid: randomUUID(), creationTimestamp, ...generation };
  // Read only to leave them out: an object is not born dying.
  void [deletionTimestamp, deletionGracePeriodSeconds];
  return { ...object, apiVersion: object.apiVersion, kind: object.kind, metadata };
}

const suffixLetters = 'bcdfghjklmnpqrstvwxz2456789';
const mostAttempts = 8;

function nameObject(api: Api, resource: Resource, object: StoredObject): StoredObject {
  const { name, generateName = '' } = object.metadata;
  if (typeof name === 'string' && name !== '') return object;
  if (generateName === '') {
    const message = 'Required value: name or generateName is required';
    throw invalid(resource, '', [{ reason: 'FieldValueRequired', message, field: 'metadata.name' }]);
  }
  for (let attempt = 1; ; attempt++) {
    const suffix = Array.from({ length: 5 }, () => suffixLetters[randomInt(suffixLetters.length)]).join('');
    const metadata = { ...object.metadata, name: `${generateName.slice(0, 58)}${suffix}` };
    const taken = api.store.get(qualifiedName(resource), keyOf({ metadata })) !== undefined;
    if (!taken || attempt === mostAttempts) return { ...object, metadata };
  }
}
