import {
  fabricResources,
  layer2Resources,
  policyResources,
  resourceOf,
  resources,
  type Resource,
} from '../resources.ts';
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
import { ingressClassProblems } from './ingress-class.ts';
import { nodeRouteProblems, segmentProblems, virtualSwitchProblems } from './layer2.ts';
import { networkPolicyProblems } from './network-policy.ts';
import { objectProblems, rulesFor, type Rules } from './object.ts';
import type { FieldProblem } from './problem.ts';
import { ipAddressProblems, serviceCidrProblems } from './service-range.ts';
import { bindingProblems, roleProblems } from './rbac.ts';
import { controllerProblems } from './controller.ts';
import { cronJobProblems } from './cron-job.ts';
import { usualRules } from './usual.ts';
import { newJobProblems } from './workload.ts';

/** What `objectProblems` says by the rules of all kinds. */
export function validateObject(object: unknown): FieldProblem[] {
  return objectProblems(object, rulesOf);
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

const rulesByResource = new Map<Resource, Rules>([
  ...usualRules,
  rulesFor(resources.nodes, nodeProblems),
  rulesFor(resources.endpoints, endpointsProblems),
  rulesFor(resources.events, eventProblems),
  rulesFor(resources.servicecidrs, serviceCidrProblems),
  rulesFor(resources.ipaddresses, ipAddressProblems),
  rulesFor(resources.endpointslices, endpointSliceProblems),
  rulesFor(resources.clusternetworks, clusterNetworkProblems),
  rulesFor(fabricResources.virtualnetworks, virtualNetworkProblems),
  rulesFor(fabricResources.virtualnetworkpeerings, peeringProblems),
  rulesFor(fabricResources.routetables, routeTableProblems),
  rulesFor(fabricResources.networksecuritygroups, securityGroupProblems),
  rulesFor(fabricResources.virtualmachines, virtualMachineProblems),
  rulesFor(fabricResources.sites, siteProblems),
  rulesFor(fabricResources.internets, internetProblems),
  rulesFor(fabricResources.privatednszones, privateDnsZoneProblems),
  rulesFor(policyResources.clusternetworkpolicies, clusterNetworkPolicyProblems),
  rulesFor(policyResources.adminnetworkpolicies, adminNetworkPolicyProblems),
  rulesFor(policyResources.baselineadminnetworkpolicies, baselineAdminNetworkPolicyProblems),
  rulesFor(layer2Resources.segments, segmentProblems),
  rulesFor(layer2Resources.virtualswitches, virtualSwitchProblems),
  rulesFor(layer2Resources.noderoutes, nodeRouteProblems),
  rulesFor(layer2Resources.multinetworkpolicies, networkPolicyProblems),
]);

function nodeProblems({ spec }: Node): FieldProblem[] {
  return (spec?.podCIDRs ?? []).flatMap((cidr, index) => checkCidr(`spec.podCIDRs[${index}]`, cidr));
}
