import { keyOf } from '../../api/resources.ts';
import { isObject, type StoredObject } from '../json.ts';
import { allocateAddresses } from './service-addresses.ts';
import type { ServiceContext } from './service-draft.ts';
import { allocateNodePorts } from './service-ports.ts';

/**
 * Gives a Service its cluster addresses and node ports, or keeps those it has. Nothing is reserved here: what
 * is taken follows from what is stored, so a dry run and a failed write leave nothing behind.
 */
export function admitService(
  context: ServiceContext,
  service: StoredObject,
  previous: StoredObject | undefined,
): StoredObject {
  const spec = isObject(service['spec']) ? { ...service['spec'] } : {};
  const draft = { ...service, spec };
  const state = { key: keyOf(service), service: draft, spec, previous };
  allocateAddresses(context, state);
  allocateNodePorts(context, state);
  return draft;
}
