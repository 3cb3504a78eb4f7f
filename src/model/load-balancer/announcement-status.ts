import type { ServiceBGPStatus, ServiceL2Status } from '../../api/types/load-balancer.ts';
import type { KubernetesObject, ObjectMeta } from '../../api/types/meta.ts';
import { shortHash } from '../../lib/hash.ts';
import { loadBalancerNamespace } from './pools.ts';

/** That a node announces a Service. */
export interface AnnouncedService {
  readonly node: string;
  /** `namespace/name` */
  readonly service: string;
}

/** The object that says on which link a node answers for a Service's addresses. */
export function l2StatusOf(announced: AnnouncedService, link: string): ServiceL2Status {
  return {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'ServiceL2Status',
    metadata: metadataOf('l2', announced),
    status: { ...endsOf(announced), interfaces: [{ name: link }] },
  };
}

/** The object that says which BGPPeers a node is to tell of a Service, whether or not they listen now. */
export function bgpStatusOf(announced: AnnouncedService, peers: Iterable<string>): ServiceBGPStatus {
  return {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'ServiceBGPStatus',
    metadata: metadataOf('bgp', announced),
    status: { ...endsOf(announced), peers: [...new Set(peers)].toSorted() },
  };
}

function endsOf({ node, service }: AnnouncedService) {
  const [serviceNamespace = '', serviceName = ''] = service.split('/');
  return { node, serviceName, serviceNamespace };
}

/** The node that an object says something of; undefined where Weft did not write it. */
export function statusNode({ metadata: { labels } }: KubernetesObject): string | undefined {
  return labels?.[managedByLabel] === 'weft' ? labels[nodeLabel] : undefined;
}

const managedByLabel = 'app.kubernetes.io/managed-by';
const nodeLabel = 'metallb.io/node';

/** The name follows from whom it is about, so that nobody ever makes a second one. */
function metadataOf(prefix: 'l2' | 'bgp', announced: AnnouncedService): ObjectMeta {
  const { node, serviceName, serviceNamespace } = endsOf(announced);
  return {
    name: `${prefix}-${shortHash(`${node} ${announced.service}`)}`,
    namespace: loadBalancerNamespace,
    labels: {
      [managedByLabel]: 'weft',
      [nodeLabel]: node,
      'metallb.io/service-name': serviceName,
      'metallb.io/service-namespace': serviceNamespace,
    },
  };
}
