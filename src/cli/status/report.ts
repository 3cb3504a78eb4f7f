import { keyOf, resources } from '../../api/resources.ts';
import type { Node, Pod, Service } from '../../api/types/core.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import type { EndpointSlice } from '../../api/types/network.ts';
import type { LabConnection, LabProgramming } from '../../lab/connection.ts';
import type { ProcessStatus } from '../../lab/process-status.ts';
import { addressesGivenTo, pendingCondition } from '../../model/load-balancer/status.ts';
import type { Unready } from '../../lab/readiness.ts';

/** What `weft status` tells, as its JSON. */
export interface StatusReport {
  readonly name: string;
  readonly processes: readonly ProcessStatus[];
  /** Absent where the API server does not answer. */
  readonly cluster?: ClusterReport;
  /** What is not ready, why, and what was last told about it. */
  readonly unready: readonly Unready[];
}

/** Addresses and ranges are of both families where the cluster has both. */
export interface ClusterReport {
  readonly nodes: readonly {
    name: string;
    isReady: boolean;
    addresses: string[];
    podCIDRs: string[];
    pods: number;
  }[];
  readonly pods: { readonly total: number; readonly ready: number };
  readonly workloads: readonly { kind: string; key: string; ready: string }[];
  readonly services: readonly {
    key: string;
    type: string;
    clusterIPs: string[];
    /** Addresses of its load balancer, and others that it claims. */
    externalIPs: string[];
    ports: string;
    /** Ready and all endpoints; absent for a Service that selects nothing. */
    endpoints?: string;
  }[];
  readonly networkPolicies: readonly { key: string; isProgrammed: boolean }[];
  /** What is as it was asked for, and may surprise all the same. */
  readonly notes: readonly string[];
}

/** Reads what the lab's API holds. Rejects as `Client.list`. */
export async function readCluster(
  { client, options }: LabConnection,
  programming: LabProgramming | undefined,
): Promise<ClusterReport> {
  const [nodes, pods, services, slices, policies, ...workloads] = await Promise.all([
    client.list(resources.nodes),
    client.list(resources.pods),
    client.list(resources.services),
    client.list(resources.endpointslices),
    client.list(resources.networkpolicies),
    client.list(resources.deployments),
    client.list(resources.statefulsets),
    client.list(resources.daemonsets),
  ]);
  const reports = services.items.map((service) => serviceReport(service, slices.items));
  return {
    nodes: nodes.items.map((node) => nodeReport(node, pods.items)),
    pods: { total: pods.items.length, ready: pods.items.filter(isReady).length },
    workloads: workloads.flatMap(({ items }) => items.map(workloadReport)),
    services: reports,
    networkPolicies: policies.items.map((policy) => ({
      key: keyOf(policy),
      isProgrammed: isProgrammed(policy, programming),
    })),
    notes: [
      ...(options.cluster === undefined ? [] : [`the API server is a cluster's: ${options.cluster.server}`]),
      ...reports.flatMap(serviceNotes),
      ...services.items.flatMap(addressNotes),
    ],
  };
}

function nodeReport(node: Node, pods: readonly Pod[]): ClusterReport['nodes'][number] {
  const { name } = node.metadata;
  const internal = node.status?.addresses?.filter(({ type }) => type === 'InternalIP') ?? [];
  const { podCIDR, podCIDRs = podCIDR === undefined ? [] : [podCIDR] } = node.spec ?? {};
  return {
    name,
    isReady: isReady(node),
    addresses: internal.map(({ address }) => address),
    podCIDRs,
    pods: pods.filter(({ spec }) => spec.nodeName === name).length,
  };
}

function isReady({ status }: Node | Pod): boolean {
  return status?.conditions?.some((it) => it.type === 'Ready' && it.status === 'True') ?? false;
}

interface Counts {
  readonly replicas?: number;
  readonly desiredNumberScheduled?: number;
  readonly readyReplicas?: number;
  readonly numberReady?: number;
}

/** Ready and wanted pods; DaemonSets count in words of their own. */
function workloadReport(workload: KubernetesObject): ClusterReport['workloads'][number] {
  const { spec = {}, status = {} } = workload as { spec?: Counts; status?: Counts };
  const wanted = spec.replicas ?? status.desiredNumberScheduled ?? 0;
  const ready = status.readyReplicas ?? status.numberReady ?? 0;
  return { kind: workload.kind, key: keyOf(workload), ready: `${ready}/${wanted}` };
}

function serviceReport(
  service: Service,
  slices: readonly EndpointSlice[],
): ClusterReport['services'][number] {
  const { type = 'ClusterIP', clusterIP, clusterIPs, ports = [], selector = {} } = service.spec;
  const selects = Object.keys(selector).length > 0 && type !== 'ExternalName';
  return {
    key: keyOf(service),
    type,
    clusterIPs: clusterIPs ?? (clusterIP === undefined ? [] : [clusterIP]),
    externalIPs: [...addressesGivenTo(service), ...(service.spec.externalIPs ?? [])],
    ports: ports
      .map(
        ({ port, nodePort, protocol = 'TCP' }) =>
          `${port}${nodePort === undefined ? '' : `:${nodePort}`}/${protocol}`,
      )
      .join(','),
    ...(selects && { endpoints: endpointCounts(service, slices) }),
  };
}

/** Pods, not addresses: with two families each has one endpoint in each. */
function endpointCounts(service: Service, slices: readonly EndpointSlice[]): string {
  const ready = new Map<string, boolean>();
  for (const { metadata, endpoints } of slices) {
    const isOurs =
      metadata.namespace === service.metadata.namespace &&
      metadata.labels?.['kubernetes.io/service-name'] === service.metadata.name;
    for (const { addresses, targetRef, conditions } of isOurs ? endpoints : []) {
      ready.set(targetRef?.uid ?? addresses.join(), conditions?.ready !== false);
    }
  }
  return `${[...ready.values()].filter(Boolean).length}/${ready.size}`;
}

function isProgrammed({ metadata }: KubernetesObject, programming: LabProgramming | undefined): boolean {
  if (programming === undefined || programming.isBusy || programming.failing.length > 0) return false;
  return BigInt(programming.versions['networkpolicies'] ?? '0') >= BigInt(metadata.resourceVersion ?? '0');
}

function serviceNotes({ key, endpoints }: ClusterReport['services'][number]): string[] {
  if (endpoints === '0/0') return [`svc:${key} serves nobody: no pod has the labels that it selects`];
  if (endpoints?.startsWith('0/') === true) return [`svc:${key} serves nobody: none of its pods is ready`];
  return [];
}

/** A LoadBalancer Service without an address does not hold anybody up, but people want to know. */
export function addressNotes(service: Service): string[] {
  const { metadata, spec, status } = service;
  if (spec.type !== 'LoadBalancer' || (status?.loadBalancer?.ingress ?? []).length > 0) return [];
  const why = pendingCondition(service)?.message;
  const reason = why === undefined ? '' : ` (${why})`;
  return [
    `svc:${keyOf({ metadata })} has no load balancer address yet${reason}; its cluster address and node port work`,
  ];
}
