import { matchesSelector, parseLabelSelector } from '../../api/selector.ts';
import type { Pod } from '../../api/types/core.ts';
import { nearest } from '../../api/validate/suggest.ts';
import { WeftError } from '../../lib/errors.ts';
import type { Cluster } from '../../model/cluster.ts';
import { controllerOf } from '../../model/workloads/owner.ts';
import { workloadOf } from '../../model/workloads/workload-of.ts';
import { formatEndpoint, type Endpoint } from './parse.ts';

const mostChoices = 10;

/** The object with this key. Throws `endpoint-unknown` with the nearest one, or with those there are. */
export function requireKey<T>(objects: ReadonlyMap<string, T>, kind: string, key: string): T {
  const found = objects.get(key);
  if (found !== undefined) return found;
  const prefix = { Node: 'node:', Service: 'svc:' }[kind] ?? '';
  throw unknown(`there is no ${kind} ${key}`, key, {
    choices: inNamespace([...objects.keys()], key),
    prefix,
  });
}

/** An endpoint that stands for pods. */
export type PodsEndpoint = Extract<Endpoint, { kind: 'pod' | 'workload' | 'pods' }>;

export function standsForPods(endpoint: Endpoint): endpoint is PodsEndpoint {
  return endpoint.kind === 'pod' || endpoint.kind === 'workload' || endpoint.kind === 'pods';
}

/** The pods that the endpoint stands for, by name. Throws `endpoint-unknown`. */
export function requirePods({ pods }: Cluster, endpoint: PodsEndpoint): [[string, Pod], ...[string, Pod][]] {
  if (endpoint.kind === 'pods') return requireSelected(pods, endpoint);
  const key = `${endpoint.namespace}/${endpoint.name}`;
  if (endpoint.kind === 'pod') {
    const pod = pods.get(key);
    if (pod !== undefined) return [[key, pod]];
    throw unknownPod(pods, key);
  }
  const [first, ...others] = [...pods]
    .filter(([, pod]) => isOf(pod, endpoint))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  if (first !== undefined) return [first, ...others];
  const workloads = new Set([...pods.values()].map((pod) => workloadName(pod)));
  const asked = formatEndpoint(endpoint);
  throw unknown(`${asked} has no pods`, asked, { choices: inNamespace([...workloads], asked) });
}

function requireSelected(
  pods: ReadonlyMap<string, Pod>,
  endpoint: Extract<Endpoint, { kind: 'pods' }>,
): [[string, Pod], ...[string, Pod][]] {
  const selector = parseLabelSelector(endpoint.selector);
  const [first, ...others] = [...pods]
    .filter(([, { metadata }]) => metadata.namespace === endpoint.namespace)
    .filter(([, { metadata }]) => matchesSelector(selector, metadata.labels))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  if (first !== undefined) return [first, ...others];
  throw withHint(`${formatEndpoint(endpoint)} selects no pod`, undefined);
}

function isOf(pod: Pod, { namespace, workload, name }: Extract<Endpoint, { kind: 'workload' }>): boolean {
  if (pod.metadata.namespace !== namespace) return false;
  return [workloadOf(pod), controllerOf(pod)].some((one) => one?.kind === workload && one.name === name);
}

/** A pod is often called by the name of its workload. */
function unknownPod(pods: ReadonlyMap<string, Pod>, key: string): WeftError {
  const workload = [...pods.values()].find((pod) => {
    const { namespace, name } = workloadOf(pod);
    return `${namespace}/${name}` === key;
  });
  const what = `there is no Pod ${key}`;
  if (workload !== undefined) return withHint(what, `did you mean ${workloadName(workload)}?`);
  return unknown(what, key, { choices: inNamespace([...pods.keys()], key) });
}

/** `NAMESPACE/KIND/NAME` */
function workloadName(pod: Pod): string {
  const { namespace, kind, name } = workloadOf(pod);
  return kind === 'Pod' ? `${namespace}/${name}` : `${namespace}/${kind.toLowerCase()}/${name}`;
}

/** Those in the same namespace, where there are any: who gets a name wrong seldom gets two. */
function inNamespace(keys: readonly string[], key: string): readonly string[] {
  const namespace = key.slice(0, key.indexOf('/') + 1);
  const near = keys.filter((one) => one.startsWith(namespace));
  return near.length > 0 ? near : keys;
}

function unknown(
  what: string,
  key: string,
  { choices, prefix = '' }: { choices: readonly string[]; prefix?: string },
): WeftError {
  const near = nearest(key, choices);
  if (near !== undefined) return withHint(what, `did you mean ${prefix}${near}?`);
  const shown = choices.slice(0, mostChoices).map((one) => prefix + one);
  const more = choices.length > shown.length ? ` and ${choices.length - shown.length} more` : '';
  return withHint(what, shown.length === 0 ? undefined : `there are ${shown.join(', ')}${more}`);
}

function withHint(what: string, hint: string | undefined): WeftError {
  return new WeftError('endpoint-unknown', what, { fault: 'input', hint });
}
