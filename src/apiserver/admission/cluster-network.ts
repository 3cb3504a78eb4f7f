import { resources } from '../../api/resources.ts';
import { valueAt, type StoredObject } from '../json.ts';
import { invalid, invalidValue } from '../status.ts';

/** What a network is built on: pods and Services hold addresses by it. */
const immutableFields = ['model', 'podCIDR', 'serviceCIDR'];

/** 422 naming each field of a ClusterNetwork that may not change after it was created. */
export function requireSameNetwork(network: StoredObject, previous: StoredObject): void {
  const causes = immutableFields
    .filter((field) => valueAt(network, ['spec', field]) !== valueAt(previous, ['spec', field]))
    .map((field) => invalidValue(`spec.${field}`, valueAt(network, ['spec', field]), 'field is immutable'));
  if (causes.length > 0) throw invalid(resources.clusternetworks, network.metadata.name, causes);
}
