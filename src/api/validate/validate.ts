import {
  fabricResources,
  layer2Resources,
  policyResources,
  resourceOf,
  resources,
  type Resource,
} from '../resources.ts';
import { withoutNulls } from '../schema/nulls.ts';
import type { Job } from '../types/apps.ts';
import type { Node } from '../types/core.ts';
import type { KubernetesObject } from '../types/meta.ts';
import { checkCidr } from './checks.ts';
import { autoscalerProblems } from './autoscaler.ts';
import { clusterNetworkProblems } from './cluster-network.ts';
import {
  adminNetworkPolicyProblems,
  baselineAdminNetworkPolicyProblems,
  clusterNetworkPolicyProblems,
} from './cluster-network-policy.ts';
import { configMapProblems, secretProblems } from './config.ts';
import { endpointSliceProblems, endpointsProblems } from './endpoints.ts';
import {
  internetProblems,
  privateDnsZoneProblems,
  siteProblems,
  virtualMachineProblems,
} from './fabric/machines.ts';
import { routeTableProblems } from './fabric/route-table.ts';
import { securityGroupProblems } from './fabric/security-group.ts';
import { peeringProblems, virtualNetworkProblems } from './fabric/virtual-network.ts';
import { eventProblems, newerEventProblems, newNewerEventProblems } from './event.ts';
import { ingressProblems, newIngressProblems } from './ingress.ts';
import { budgetProblems, leaseProblems, priorityClassProblems, storageClassProblems } from './kept.ts';
import { metadataProblems } from './metadata.ts';
import { ingressClassProblems } from './ingress-class.ts';
import { nodeRouteProblems, segmentProblems, virtualSwitchProblems } from './layer2.ts';
import { networkPolicyProblems } from './network-policy.ts';
import { podProblems } from './pod.ts';
import type { FieldProblem } from './problem.ts';
import { ipAddressProblems, serviceCidrProblems } from './service-range.ts';
import { bindingProblems, roleProblems } from './rbac.ts';
import { serviceProblems } from './service.ts';
import { structuralProblems } from './structure.ts';
import { controllerProblems } from './controller.ts';
import { cronJobProblems } from './cron-job.ts';
import { jobProblems, newJobProblems, workloadProblems } from './workload.ts';

/**
 * Everything that is wrong with an object, of whatever JSON it is; nothing when the API server should take it.
 * First its structure is compared with the schema of its kind; only when types and required fields are right,
 * the rules of its kind follow. Objects of unknown kinds need just valid metadata.
 */
export function validateObject(object: unknown): FieldProblem[] {
  const problems = structuralProblems(object);
  if (problems.some((problem) => !isMinor(problem))) return problems;
  // The structural walk has shown that this is an object of the API.
  const valid = withoutNulls(object as KubernetesObject);
  const rules = valid.metadata === undefined ? undefined : rulesOf(valid);
  return [...problems, ...metadataProblems(valid), ...(rules?.(valid) ?? [])];
}

/** Problems that leave the object's types right, so that the rules can still be read against it. */
function isMinor({ reason }: FieldProblem): boolean {
  return reason === 'UnknownField' || reason === 'FieldValueNotSupported';
}

function rulesOf(object: KubernetesObject): Rules | undefined {
  const resource = resourceOf(object);
  if (resource !== undefined) return rulesByResource.get(resource);
  return rulesByKind.get(`${object.apiVersion} ${object.kind}`);
}

/** What a new object must keep to besides `validateObject`, and a later version of it need not. */
export function newObjectProblems(object: KubernetesObject): FieldProblem[] {
  if (object.kind === 'Ingress') return newIngressProblems(object);
  if (object.apiVersion === 'events.k8s.io/v1') return newNewerEventProblems(object);
  // The schema says that it is one.
  return resourceOf(object) === resources.jobs ? newJobProblems(object as Job) : [];
}

/** Rules for kinds that are only kept. */
const rulesByKind: ReadonlyMap<string, Rules> = new Map([
  ['networking.k8s.io/v1 Ingress', ingressProblems],
  ['networking.k8s.io/v1 IngressClass', ingressClassProblems],
  ['policy/v1 PodDisruptionBudget', budgetProblems],
  ['coordination.k8s.io/v1 Lease', leaseProblems],
  ['storage.k8s.io/v1 StorageClass', storageClassProblems],
  ['scheduling.k8s.io/v1 PriorityClass', priorityClassProblems],
  ['rbac.authorization.k8s.io/v1 Role', roleProblems],
  ['rbac.authorization.k8s.io/v1 ClusterRole', roleProblems],
  ['rbac.authorization.k8s.io/v1 RoleBinding', bindingProblems],
  ['rbac.authorization.k8s.io/v1 ClusterRoleBinding', bindingProblems],
  ['autoscaling/v2 HorizontalPodAutoscaler', autoscalerProblems],
  ['events.k8s.io/v1 Event', newerEventProblems],
  ['v1 ReplicationController', controllerProblems],
  ['batch/v1 CronJob', cronJobProblems],
]);

type Rules = (object: KubernetesObject) => FieldProblem[];

/** Pairs a resource with the rules for its own type, then forgets the type. */
function entry<T extends KubernetesObject>(
  resource: Resource<T>,
  rules: (object: T) => FieldProblem[],
): [Resource, Rules] {
  return [resource, (object) => rules(object as T)];
}

const rulesByResource = new Map<Resource, Rules>([
  entry(resources.nodes, nodeProblems),
  entry(resources.pods, podProblems),
  entry(resources.services, serviceProblems),
  entry(resources.endpoints, endpointsProblems),
  entry(resources.configmaps, configMapProblems),
  entry(resources.secrets, secretProblems),
  entry(resources.events, eventProblems),
  entry(resources.deployments, workloadProblems),
  entry(resources.replicasets, workloadProblems),
  entry(resources.statefulsets, workloadProblems),
  entry(resources.daemonsets, workloadProblems),
  entry(resources.jobs, jobProblems),
  entry(resources.networkpolicies, networkPolicyProblems),
  entry(resources.servicecidrs, serviceCidrProblems),
  entry(resources.ipaddresses, ipAddressProblems),
  entry(resources.endpointslices, endpointSliceProblems),
  entry(resources.clusternetworks, clusterNetworkProblems),
  entry(fabricResources.virtualnetworks, virtualNetworkProblems),
  entry(fabricResources.virtualnetworkpeerings, peeringProblems),
  entry(fabricResources.routetables, routeTableProblems),
  entry(fabricResources.networksecuritygroups, securityGroupProblems),
  entry(fabricResources.virtualmachines, virtualMachineProblems),
  entry(fabricResources.sites, siteProblems),
  entry(fabricResources.internets, internetProblems),
  entry(fabricResources.privatednszones, privateDnsZoneProblems),
  entry(policyResources.clusternetworkpolicies, clusterNetworkPolicyProblems),
  entry(policyResources.adminnetworkpolicies, adminNetworkPolicyProblems),
  entry(policyResources.baselineadminnetworkpolicies, baselineAdminNetworkPolicyProblems),
  entry(layer2Resources.segments, segmentProblems),
  entry(layer2Resources.virtualswitches, virtualSwitchProblems),
  entry(layer2Resources.noderoutes, nodeRouteProblems),
  entry(layer2Resources.multinetworkpolicies, networkPolicyProblems),
]);

function nodeProblems({ spec }: Node): FieldProblem[] {
  return (spec?.podCIDRs ?? []).flatMap((cidr, index) => checkCidr(`spec.podCIDRs[${index}]`, cidr));
}
