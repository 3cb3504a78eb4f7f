import { resourceOf, resources, type Resource } from '../../api/resources.ts';
import type { ReplicaSet } from '../../api/types/apps.ts';
import type { Node, Pod, PodTemplateSpec } from '../../api/types/core.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import type { NetworkConfig } from '../network/config.ts';
import { placesOf } from '../network/places.ts';
import { podAddresses } from '../network/pod-addresses.ts';
import { nodeAddresses, type NodePlace } from '../network/topology.ts';
import { createAddressGiver, type AddressGiver } from './address-giver.ts';
import { createNodeLoads } from './node-loads.ts';
import { controllerOf } from './owner.ts';
import { hasEnded } from './pod-state.ts';
import {
  daemonPodOf,
  isDaemonNode,
  jobParallelism,
  jobPodOf,
  podOf,
  replicaPodOf,
  statefulPodOf,
} from './pods.ts';
import { replicaSetOf } from './replica-set.ts';
import { schedule } from './schedule.ts';
import { generatedName } from './names.ts';

/**
 * Every pod of the objects: those among them, and those their workloads will make, all bound, ready and with an
 * address of their node's block or subnet. A workload whose pods are among the objects makes none, and neither does one
 * that another of the objects made.
 */
export function expandPods(
  objects: readonly KubernetesObject[],
  { nodes, config }: { readonly nodes: readonly Node[]; readonly config: NetworkConfig },
): Pod[] {
  const present = objects.filter((object): object is Pod => resourceOf(object) === resources.pods);
  const hasPods = new Set(present.flatMap(ownerNames));
  const made = objects
    .filter((object) => controllerOf(object) === undefined && !hasPods.has(ownName(object)))
    .flatMap((object) => podsOf(object, nodes));
  const giver = createAddressGiver(objects, nodes, config);
  return placeAll([...present, ...made], { nodes: nodes.map(asReady), config, giver });
}

/** What this one object will make, unbound. */
function podsOf(object: KubernetesObject, nodes: readonly Node[]): Pod[] {
  const resource = resourceOf(object);
  const make = resource === undefined ? undefined : makers.get(resource);
  return make === undefined ? otherPods(object) : make(object, nodes);
}

type Maker = (object: KubernetesObject, nodes: readonly Node[]) => Pod[];

/** Pairs a resource with the function for its own type, then forgets the type. */
function maker<T extends KubernetesObject>(
  resource: Resource<T>,
  make: (object: T, nodes: readonly Node[]) => Pod[],
): [Resource, Maker] {
  return [resource, (object, nodes) => make(object as T, nodes)];
}

const makers = new Map<Resource, Maker>([
  maker(resources.deployments, (deployment) =>
    replicaPods(replicaSetOf(deployment, { replicas: deployment.spec.replicas ?? 1, revision: 1 })),
  ),
  maker(resources.replicasets, replicaPods),
  maker(resources.statefulsets, (set) =>
    times(set.spec.replicas ?? 1, (ordinal) => statefulPodOf(set, ordinal)),
  ),
  maker(resources.daemonsets, (set, nodes) =>
    nodes.filter((node) => isDaemonNode(set, node)).map((node) => daemonPodOf(set, node.metadata.name)),
  ),
  maker(resources.jobs, (job) => times(jobParallelism(job), (index) => jobPodOf(job, index))),
]);

/** Kinds that the API here does not serve but manifests have: a CronJob counts as one run of it. */
function otherPods(object: KubernetesObject): Pod[] {
  const { spec } = object as {
    spec?: {
      replicas?: number;
      template?: PodTemplateSpec;
      jobTemplate?: { spec: { template: PodTemplateSpec } };
    };
  };
  const template = object.kind === 'CronJob' ? spec?.jobTemplate?.spec.template : spec?.template;
  if (template === undefined || !['CronJob', 'ReplicationController'].includes(object.kind)) return [];
  const count = object.kind === 'CronJob' ? 1 : (spec?.replicas ?? 1);
  return times(count, (index) => podOf(template, object, generatedName(object.metadata.name, String(index))));
}

function replicaPods(set: ReplicaSet): Pod[] {
  return times(set.spec.replicas ?? 1, (index) => replicaPodOf(set, index));
}

function times(count: number, make: (index: number) => Pod): Pod[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** The workloads that a pod among the objects is of: its controller and, for a ReplicaSet, the Deployment above. */
function ownerNames(pod: Pod): string[] {
  const owner = controllerOf(pod);
  if (owner === undefined) return [];
  const { namespace, labels } = pod.metadata;
  const hash = labels?.['pod-template-hash'];
  const deployment =
    hash !== undefined && owner.name.endsWith(`-${hash}`) ? owner.name.slice(0, -hash.length - 1) : undefined;
  return [
    `${namespace}/${owner.kind}/${owner.name}`,
    ...(deployment === undefined ? [] : [`${namespace}/Deployment/${deployment}`]),
  ];
}

function ownName({ kind, metadata: { namespace, name } }: KubernetesObject): string {
  return `${namespace}/${kind}/${name}`;
}

/** A node of a manifest says nothing of its state; a prediction is for when it works. */
function asReady(node: Node): Node {
  const others = node.status?.conditions?.filter(({ type }) => type !== 'Ready') ?? [];
  return { ...node, status: { ...node.status, conditions: [...others, { type: 'Ready', status: 'True' }] } };
}

function placeAll(
  pods: readonly Pod[],
  { nodes, config, giver }: { nodes: readonly Node[]; config: NetworkConfig; giver: AddressGiver },
): Pod[] {
  const places = placesOf(nodes, config.model);
  const loads = createNodeLoads();
  const used = new Set(pods.flatMap(podAddresses));
  for (const pod of pods) loads.set(keyIn(pod), pod);
  return pods.map((pod) => {
    const placement = schedule(pod, nodes, loads.loads, config);
    if (placement.kind === 'nowhere') return pod;
    const bound: Pod = { ...pod, spec: { ...pod.spec, nodeName: placement.node } };
    loads.set(keyIn(pod), bound);
    const place = places.get(placement.node);
    return place === undefined ? bound : running(bound, place, { used, giver });
  });
}

function keyIn({ metadata: { namespace, name } }: Pod): string {
  return `${namespace}/${name}`;
}

/** The pod as it is when it runs; what was observed of it already stays. */
function running(
  pod: Pod,
  place: NodePlace,
  { used, giver }: { readonly used: Set<string>; readonly giver: AddressGiver },
): Pod {
  if (pod.status?.podIP !== undefined || hasEnded(pod)) return pod;
  const podIPs = pod.spec.hostNetwork === true ? nodeAddresses(place) : giver(place, used);
  const [podIP] = podIPs ?? [];
  if (podIPs === undefined || podIP === undefined) return pod;
  for (const address of podIPs) used.add(address);
  return {
    ...pod,
    status: {
      phase: 'Running',
      podIP,
      podIPs: podIPs.map((ip) => ({ ip })),
      hostIP: place.address,
      hostIPs: nodeAddresses(place).map((ip) => ({ ip })),
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  };
}
