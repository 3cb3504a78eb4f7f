import { keyOf, resources } from '../../api/resources.ts';
import type { Node } from '../../api/types/core.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import type { Client } from '../../client/port.ts';
import { systemClock } from '../../lib/clock.ts';
import { watchReadiness, type Unready } from '../../lab/readiness.ts';
import { table } from '../output/table.ts';
import type { CliEnvironment, ExitCode } from '../environment.ts';

/** `weft status`: what runs, and what does not and why. Exit 1 when something is not ready. */
export async function status(
  env: CliEnvironment,
  options: { name: string; output: string },
): Promise<ExitCode> {
  const connection = await env.connect(options.name);
  try {
    const unready = await watchReadiness(connection.client, systemClock).unready();
    const report = { name: options.name, ...(await readStatus(connection.client)), unready };
    env.out(options.output === 'json' ? `${JSON.stringify(report, null, 2)}\n` : render(report));
    return unready.length === 0 ? 0 : 1;
  } finally {
    await connection.close();
  }
}

interface Status {
  readonly nodes: readonly { name: string; address: string; podCIDR: string; pods: number }[];
  readonly workloads: readonly { kind: string; key: string; ready: string }[];
  readonly services: readonly { key: string; type: string; clusterIP: string; ports: string }[];
}

async function readStatus(client: Client): Promise<Status> {
  const [nodes, pods, services, deployments, statefulSets, daemonSets] = await Promise.all([
    client.list(resources.nodes),
    client.list(resources.pods),
    client.list(resources.services),
    client.list(resources.deployments),
    client.list(resources.statefulsets),
    client.list(resources.daemonsets),
  ]);
  const workloads: [string, KubernetesObject][] = [
    ...deployments.items.map((item): [string, KubernetesObject] => ['Deployment', item]),
    ...statefulSets.items.map((item): [string, KubernetesObject] => ['StatefulSet', item]),
    ...daemonSets.items.map((item): [string, KubernetesObject] => ['DaemonSet', item]),
  ];
  return {
    nodes: nodes.items.map((node) => ({
      name: node.metadata.name,
      address: addressesOf(node).join(','),
      podCIDR: (node.spec?.podCIDRs ?? [node.spec?.podCIDR ?? '']).join(','),
      pods: pods.items.filter(({ spec }) => spec.nodeName === node.metadata.name).length,
    })),
    workloads: workloads.map(([kind, workload]) => ({
      kind,
      key: keyOf(workload),
      ready: readiness(workload),
    })),
    services: services.items.map((service) => ({
      key: keyOf(service),
      type: service.spec.type ?? 'ClusterIP',
      clusterIP: (service.spec.clusterIPs ?? [service.spec.clusterIP ?? '']).join(','),
      ports: (service.spec.ports ?? [])
        .map(
          ({ port, nodePort, protocol = 'TCP' }) =>
            `${port}${nodePort === undefined ? '' : `:${nodePort}`}/${protocol}`,
        )
        .join(','),
    })),
  };
}

/** A node's addresses on its segment, the primary family's first. */
function addressesOf({ status }: Node): string[] {
  return (status?.addresses ?? []).filter(({ type }) => type === 'InternalIP').map(({ address }) => address);
}

/** Ready and wanted pods; DaemonSets count in words of their own. */
function readiness(workload: KubernetesObject): string {
  const { spec = {}, status = {} } = workload as { spec?: Counts; status?: Counts };
  const wanted = spec.replicas ?? status.desiredNumberScheduled ?? 0;
  return `${status.readyReplicas ?? status.numberReady ?? 0}/${wanted}`;
}

interface Counts {
  readonly replicas?: number;
  readonly desiredNumberScheduled?: number;
  readonly readyReplicas?: number;
  readonly numberReady?: number;
}

function render({ nodes, workloads, services, unready }: Status & { unready: readonly Unready[] }): string {
  const sections = [
    table(
      ['NODE', 'ADDRESS', 'POD CIDR', 'PODS'],
      nodes.map((n) => [n.name, n.address, n.podCIDR, String(n.pods)]),
    ),
    table(
      ['WORKLOAD', 'KIND', 'READY'],
      workloads.map((w) => [w.key, w.kind, w.ready]),
    ),
    table(
      ['SERVICE', 'TYPE', 'CLUSTER-IP', 'PORTS'],
      services.map((s) => [s.key, s.type, s.clusterIP, s.ports]),
    ),
  ];
  if (unready.length > 0)
    sections.push(
      table(
        ['NOT READY', 'KIND', 'WHY'],
        unready.map((u) => [u.key, u.kind, u.why]),
      ),
    );
  return sections.join('\n');
}
