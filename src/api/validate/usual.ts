import { resources, type Resource } from '../resources.ts';
import { configMapProblems, secretProblems } from './config.ts';
import { networkPolicyProblems } from './network-policy.ts';
import { rulesFor, type Rules } from './object.ts';
import { podProblems } from './pod.ts';
import { serviceProblems } from './service.ts';
import { jobProblems, workloadProblems } from './workload.ts';

/** Their schema and metadata are all that they must keep to. */
const nothingMore = (): [] => [];

/** Rules of the kinds that most manifests have, and mostly no others. */
export const usualRules: ReadonlyMap<Resource, Rules> = new Map([
  rulesFor(resources.namespaces, nothingMore),
  rulesFor(resources.serviceaccounts, nothingMore),
  rulesFor(resources.pods, podProblems),
  rulesFor(resources.services, serviceProblems),
  rulesFor(resources.configmaps, configMapProblems),
  rulesFor(resources.secrets, secretProblems),
  rulesFor(resources.deployments, workloadProblems),
  rulesFor(resources.replicasets, workloadProblems),
  rulesFor(resources.statefulsets, workloadProblems),
  rulesFor(resources.daemonsets, workloadProblems),
  rulesFor(resources.jobs, jobProblems),
  rulesFor(resources.networkpolicies, networkPolicyProblems),
]);
