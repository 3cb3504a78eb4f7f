import { resources } from '../../api/resources.ts';
import { weftTypes } from '../../api/schema/weft.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import { definition, integer, list, object, rule, text, truth, words, type Schema } from '../definition.ts';

const lasting = rule('self == oldSelf', 'cannot be changed');

/** What cannot be changed, or has bounds. */
const more: Readonly<Record<string, Schema>> = {
  model: lasting,
  podCIDR: lasting,
  serviceCIDR: lasting,
  maxPodsPerNode: integer(1, 65_534),
};

/** The fields that Weft's own API server takes, as it does. */
const spec: Schema = object(
  Object.fromEntries(
    Object.entries(weftTypes.ClusterNetworkSpec).map(([field, type]) => [
      field,
      { ...schemaOf(type), ...more[field] },
    ]),
  ),
);

/** Of the notation of api/schema: a name, a list of one, or words. */
function schemaOf(type: string): Schema {
  if (type.startsWith('[]')) return list(schemaOf(type.slice(2)));
  if (type.includes('|')) return words(...type.split('|'));
  if (type === 'boolean') return truth;
  return type === 'integer' ? { type } : text;
}

/** The definition by which a cluster whose API server is not Weft's serves ClusterNetwork: one, named `default`. */
export function networkDefinition(): KubernetesObject {
  return definition(resources.clusternetworks, {
    schema: {
      ...object({ spec }, ['spec']),
      ...rule("self.metadata.name == 'default'", 'a cluster has one, named default'),
    },
    columns: [
      { name: 'Model', type: 'string', jsonPath: '.spec.model' },
      { name: 'Pods', type: 'string', jsonPath: '.spec.podCIDR' },
      { name: 'Services', type: 'string', jsonPath: '.spec.serviceCIDR' },
    ],
  });
}
