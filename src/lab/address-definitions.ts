import { addressResources } from '../api/resources.ts';
import type { KubernetesObject } from '../api/types/meta.ts';
import { definition, integer, list, object, text, words, type Column } from './definition.ts';

const most = 65_536;
const count = integer(0, most);
const version = integer(0, Number.MAX_SAFE_INTEGER);
const column = (name: string, jsonPath: string, type = 'string'): Column => ({ name, jsonPath, type });

const container = object({
  id: text,
  assignmentMode: words('dynamic', 'static'),
  type: words('vnet', 'vnetblock'),
  primaryIP: text,
  subnetName: text,
  subnetAddressSpace: text,
  defaultGateway: text,
  nodeIP: text,
  ipAssignments: list(object({ name: text, ip: text })),
  version,
  status: text,
});

const scaler = object({
  batchSize: count,
  requestThresholdPercent: count,
  releaseThresholdPercent: count,
  maxIPCount: count,
});

/** The definitions by which a lab serves the kinds that say which node has which addresses of a subnet. */
export function addressDefinitions(): KubernetesObject[] {
  const { nodenetworkconfigs, subnetallocations } = addressResources;
  return [
    definition(nodenetworkconfigs, {
      schema: object({
        spec: object({ requestedIPCount: count, ipsNotInUse: list(text) }, ['requestedIPCount']),
        status: object({
          assignedIPCount: count,
          scaler,
          status: words('Updating', 'Updated', 'Error'),
          networkContainers: list(container),
        }),
      }),
      columns: [
        column('Requested IPs', '.spec.requestedIPCount', 'integer'),
        column('Allocated IPs', '.status.assignedIPCount', 'integer'),
        column('Subnet', '.status.networkContainers[*].subnetName'),
        column('Subnet CIDR', '.status.networkContainers[*].subnetAddressSpace'),
        column('Status', '.status.status'),
      ],
    }),
    definition(subnetallocations, {
      schema: object(
        {
          spec: object(
            { prefix: text, nodes: list(object({ name: text, uid: text, version, addresses: list(text) })) },
            ['prefix', 'nodes'],
          ),
        },
        ['spec'],
      ),
      columns: [column('Prefix', '.spec.prefix'), column('Nodes', '.spec.nodes[*].name')],
    }),
  ];
}
