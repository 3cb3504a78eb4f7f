import type { ModelName } from '../../analysis/capacity/models.ts';
import { fabricResources, resources } from '../../api/resources.ts';
import type { Client } from '../../client/port.ts';
import { familyOf } from '../../lib/address.ts';
import { WeftError } from '../../lib/errors.ts';
import { parsePrefix, type Prefix } from '../../lib/prefix.ts';
import { podSubnetOf, subnetModeOf } from '../../model/addressing/pod-subnets.ts';
import { routesOfOthers } from '../../model/fabric/network/node-routes.ts';
import { subnetAt } from '../../model/fabric/network/subnets.ts';
import { networkConfigOf, type NetworkConfig } from '../../model/network/config.ts';
import { labAddresses } from '../../model/network/lab-addresses.ts';
import { modelTraits } from '../../model/network/models.ts';
import { hasEnded } from '../../model/workloads/pod-state.ts';
import type { CliEnvironment } from '../environment.ts';

/** What a running lab has, and what of it is taken. */
export interface LabUse {
  readonly model: ModelName;
  readonly nodes: number;
  /** Those with addresses of their own. */
  readonly pods: number;
  readonly podsLeft: number;
  readonly maxPods: number;
  /** Of the nodes. */
  readonly subnet: Prefix;
  /** Of their pods, where that is another. */
  readonly podSubnet?: Prefix;
  readonly staticBlocks: boolean;
  readonly podCidr: Prefix;
  readonly serviceCidr: Prefix;
  /** Routes in the nodes' table that are not the nodes', where these have routes of their own there. */
  readonly otherRoutes: number;
}

/** Throws `lab-missing`, and `plan-family` for a lab without IPv4. */
export async function measureLab(env: Pick<CliEnvironment, 'connect'>, name: string): Promise<LabUse> {
  const lab = await env.connect(name);
  try {
    const [network, nodes, pods] = await Promise.all([
      lab.client.get(resources.clusternetworks, { name: 'default' }),
      lab.client.list(resources.nodes),
      lab.client.list(resources.pods),
    ]);
    const config = networkConfigOf(network);
    const names = new Set(nodes.items.map(({ metadata }) => metadata.name));
    const [subnets, otherRoutes] = await Promise.all([
      subnetsOf(lab.client, config),
      countOtherRoutes(lab.client, config, names),
    ]);
    const running = pods.items.filter((pod) => pod.spec.hostNetwork !== true && !hasEnded(pod));
    return {
      model: config.model,
      nodes: nodes.items.length,
      pods: running.length,
      podsLeft: nodes.items
        .map(({ metadata }) => running.filter(({ spec }) => spec.nodeName === metadata.name).length)
        .reduce((left, taken) => left + Math.max(0, config.maxPodsPerNode - taken), 0),
      maxPods: config.maxPodsPerNode,
      ...subnets,
      staticBlocks: config.podIPAllocation === 'StaticBlock',
      podCidr: ofIPv4(config.podCidrs),
      serviceCidr: ofIPv4(config.serviceCidrs),
      otherRoutes,
    };
  } finally {
    await lab.close();
  }
}

/** Nodes are on the lab's segment, or in the subnet in which the API server's machine is too. */
async function subnetsOf(
  client: Pick<Client, 'list'>,
  config: NetworkConfig,
): Promise<Pick<LabUse, 'subnet' | 'podSubnet'>> {
  const segment = ofIPv4([labAddresses.segment]);
  if (modelTraits[config.model].world !== 'virtual-network') return { subnet: segment };
  const { items } = await client.list(fabricResources.virtualnetworks);
  const { control } = labAddresses;
  const subnet = parsePrefix(subnetAt(items, control)?.subnet.prefix ?? '') ?? segment;
  const mode = subnetModeOf(config);
  const pods =
    mode === undefined || mode === 'node-subnet' ? undefined : podSubnetOf(config, control, items)?.prefix;
  return { subnet, ...(pods !== undefined && { podSubnet: pods }) };
}

/** In models whose nodes have a route each, in the table of their subnet. */
async function countOtherRoutes(
  client: Pick<Client, 'list'>,
  config: NetworkConfig,
  nodes: ReadonlySet<string>,
): Promise<number> {
  const { world, wiring } = modelTraits[config.model];
  if (world !== 'virtual-network' || wiring.kind !== 'bridged') return 0;
  const [networks, tables] = await Promise.all([
    client.list(fabricResources.virtualnetworks),
    client.list(fabricResources.routetables),
  ]);
  const used = subnetAt(networks.items, labAddresses.control)?.subnet.routeTable;
  const table = tables.items.find(({ metadata }) => metadata.name === used);
  return routesOfOthers(table?.spec.routes ?? [], nodes, config).length;
}

function ofIPv4(ranges: readonly string[]): Prefix {
  const range = ranges.find((text) => familyOf(text) === 'IPv4');
  const prefix = range === undefined ? undefined : parsePrefix(range);
  if (prefix !== undefined) return prefix;
  throw new WeftError('plan-family', 'this lab has no IPv4, and addresses of IPv6 do not run out', {
    fault: 'input',
    hint: 'leave --live out and name the ranges',
  });
}
