import { resources } from '../../api/resources.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import { definition, integer, object, rule, text, truth, words, type Schema } from '../definition.ts';

const lasting = rule('self == oldSelf', 'cannot be changed');
const models = words(
  'calico',
  'flannel',
  'kubenet',
  'azure-cni',
  'azure-cni-dynamic',
  'azure-cni-overlay',
  'none',
);

/** As `weftTypes` and the validation in `api` have it. */
const spec: Schema = object({
  model: { ...models, ...lasting },
  dataplane: words('nftables', 'ebpf'),
  podCIDR: { ...text, ...lasting },
  serviceCIDR: { ...text, ...lasting },
  maxPodsPerNode: integer(1, 65_534),
  establishedConnections: words('cut', 'keep'),
  externalIPs: words('Allow', 'Ignore'),
  masqueradeAll: truth,
});

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
