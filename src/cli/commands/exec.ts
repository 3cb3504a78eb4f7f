import { describedNetworks } from '../../analysis/described-world.ts';
import type { Flow } from '../../analysis/flow.ts';
import type { Pod } from '../../api/types/core.ts';
import { WeftError } from '../../lib/errors.ts';
import type { LabConnection } from '../../lab/connection.ts';
import type { Cluster } from '../../model/cluster.ts';
import { nodeNetns } from '../../model/fabric/default-fabric.ts';
import { nameServersAt } from '../../model/fabric/network/subnets.ts';
import { machineServers } from '../../model/network/config.ts';
import { resolveSource } from '../endpoints/resolve.ts';
import type { CliEnvironment } from '../environment.ts';
import { podNetns } from '../live/probe-of.ts';
import { withLab } from '../world.ts';

export interface ExecOptions {
  readonly where: string;
  readonly command: readonly string[];
  readonly name: string;
}

type Where = Parameters<LabConnection['execute']>[0];

/**
 * `weft exec`: a program of this machine in the network of a pod, with the pod's resolver, or of a node or another machine, with
 * the servers that its network names. Its own exit code.
 */
export async function exec(env: CliEnvironment, { where, command, name }: ExecOptions): Promise<number> {
  return withLab(env, { name, file: [] }, async ({ lab, world: { cluster } }) => {
    const [{ end }] = resolveSource(cluster, where).all;
    const found = placeToRun(cluster, end);
    if (found !== undefined) return lab.execute(found, command);
    throw new WeftError('endpoint-invalid', `${where} is no pod, node or machine`, {
      fault: 'input',
      hint: 'name a pod, node:NAME, vm:NAME or site:NAME',
    });
  });
}

function placeToRun(cluster: Cluster, end: Flow['source']): Where | undefined {
  switch (end.kind) {
    case 'pod':
      return podToRunIn(cluster.pods.get(end.key));
    case 'node': {
      const addresses = cluster.nodes.get(end.name)?.status?.addresses ?? [];
      const own = addresses.find(({ type }) => type === 'InternalIP')?.address ?? '';
      return { netns: nodeNetns(end.name), nameservers: serversAt(cluster, own) };
    }
    case 'address':
    default:
      return end.machine === undefined ? undefined : machineToRunOn(cluster, end.machine, end.address);
  }
}

function podToRunIn(pod: Pod | undefined): Where | undefined {
  const uid = pod?.metadata.uid;
  return pod === undefined || uid === undefined ? undefined : { netns: podNetns(pod), uid };
}

function machineToRunOn(cluster: Cluster, name: string, address: string): Where | undefined {
  const machine = cluster.machines?.get(name);
  if (machine === undefined) return undefined;
  // What is on premises has servers of its own, which nobody describes.
  return { netns: machine.netns, nameservers: name.startsWith('site:') ? [] : serversAt(cluster, address) };
}

function serversAt(cluster: Cluster, address: string): readonly string[] {
  return machineServers(cluster.config, nameServersAt(describedNetworks(cluster).networks, address));
}
