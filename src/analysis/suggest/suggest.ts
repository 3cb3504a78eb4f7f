import { namespaceNameLabel } from '../../api/selector.ts';
import type { NetworkPolicy, NetworkPolicyPeer } from '../../api/types/network.ts';
import { parseAddress } from '../../lib/address.ts';
import { contains } from '../../lib/prefix.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { ObservedFlow } from '../../model/flows/observed-flow.ts';
import { everyNodeAddress } from '../../model/network/topology.ts';
import { clusterDnsService, isClusterDns } from '../cluster-dns.ts';
import { indexOf, type ClusterIndex } from '../cluster-index.ts';
import { createOpenings, type Openings } from './rules.ts';
import { subjectsOf, type Subject } from './subjects.ts';

/** Policies that let through what was observed and nothing else. */
export interface Suggestion {
  /** By namespace and name. */
  readonly policies: readonly SuggestedPolicy[];
  /** What they are to let through: what was observed of the pods that they are about. */
  readonly flows: readonly ObservedFlow[];
  /** What people must know of them: a line each. */
  readonly notes: readonly string[];
}

export interface SuggestedPolicy {
  readonly policy: NetworkPolicy;
  /** Names of the workloads that it is about. */
  readonly workloads: readonly string[];
  /** How many of the flows it lets through. */
  readonly observed: number;
}

export interface SuggestOptions {
  /** Whether policies are wanted for the pods of a namespace. */
  readonly isAsked: (namespace: string) => boolean;
}

/** Least privilege for every workload of the namespaces asked about, by what was observed. Deterministic. */
export function suggest(
  cluster: Cluster,
  observed: readonly ObservedFlow[],
  { isAsked }: SuggestOptions,
): Suggestion {
  const index = indexOf(cluster);
  const subjects = subjectsOf(cluster.pods.values());
  const directory = {
    index,
    subjectOf: new Map(subjects.flatMap((one) => one.workloads.map((name) => [name, one]))),
  };
  const about = subjects.filter(({ namespace, pods }) => isAsked(namespace) && !pods.every(isClusterDns));
  const covered = about.filter(({ selector }) => selector !== undefined);
  const known = observed.filter(
    ({ source, destination }) => isKnown(source, directory) && isKnown(destination, directory),
  );
  const used = new Set<ObservedFlow>();
  const names = new Set<string>();
  const policies = covered.map((subject) => {
    const flows = known.filter((flow) => isOf(subject, flow, directory));
    for (const flow of flows) used.add(flow);
    const policy = policyOf(subject, flows, directory);
    const key = `${subject.namespace}/${policy.metadata.name}`;
    if (names.has(key)) policy.metadata.name += `-${subject.kind.toLowerCase()}`;
    names.add(key);
    return { policy, workloads: subject.workloads, observed: flows.length };
  });
  const notes = [...notesOf(about), ...gone(observed.length - known.length)];
  return { policies, flows: observed.filter((flow) => used.has(flow)), notes };
}

interface Directory {
  readonly index: ClusterIndex;
  readonly subjectOf: ReadonlyMap<string, Subject>;
}

/** A workload that is gone, or an address of a pod that is, says nothing about who is there now. */
function isKnown(end: string, { index, subjectOf }: Directory): boolean {
  if (subjectOf.has(end)) return true;
  if (end.startsWith('node:')) return index.places.has(end.slice('node:'.length));
  const address = parseAddress(end);
  return address !== undefined && !index.podRanges.some((range) => contains(range, address));
}

/** Sent counts where it arrived too, as far as that can be seen: the other end may have denied it. */
function isOf(subject: Subject, flow: ObservedFlow, directory: Directory): boolean {
  const isSent = flow.sent && subject.workloads.includes(flow.source);
  const isArrived = flow.received || !directory.subjectOf.has(flow.destination);
  return (isSent && isArrived) || (flow.received && subject.workloads.includes(flow.destination));
}

function policyOf(subject: Subject, flows: readonly ObservedFlow[], directory: Directory): NetworkPolicy {
  const [ingress, egress] = [createOpenings(), createOpenings()];
  for (const flow of flows) {
    if (flow.received && subject.workloads.includes(flow.destination))
      open(ingress, flow.source, { flow, subject, directory, direction: 'ingress' });
    if (flow.sent && subject.workloads.includes(flow.source))
      open(egress, flow.destination, { flow, subject, directory, direction: 'egress' });
  }
  openDns(egress, directory);
  const { podRanges } = directory.index;
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: `observed-${subject.name}`, namespace: subject.namespace },
    spec: {
      podSelector: subject.selector ?? {},
      policyTypes: ['Ingress', 'Egress'],
      ingress: ingress.rules(podRanges).map(({ peers: from, ports }) => ({ from, ports })),
      egress: egress.rules(podRanges).map(({ peers: to, ports }) => ({ to, ports })),
    },
  };
}

interface Seen {
  readonly flow: ObservedFlow;
  readonly subject: Subject;
  readonly directory: Directory;
  readonly direction: 'ingress' | 'egress';
}

function open(openings: Openings, end: string, seen: Seen): void {
  const { flow, subject, directory } = seen;
  const { protocol, port } = flow;
  const peer = directory.subjectOf.get(end);
  if (peer !== undefined) {
    // The cluster DNS is open to every pod, whatever was seen.
    if (seen.direction === 'ingress' || !peer.pods.every(isClusterDns))
      openings.addPeer(peerOf(peer, subject.namespace), protocol, port);
  } else if (!end.startsWith('node:')) openings.addAddress(end, protocol, port);
  else
    for (const address of nodeAddressesFor(end.slice('node:'.length), seen))
      openings.addAddress(address, protocol, port);
}

function peerOf({ namespace, selector }: Subject, own: string): NetworkPolicyPeer {
  const podSelector = selector ?? {};
  if (namespace === own) return { podSelector };
  return { namespaceSelector: { matchLabels: { [namespaceNameLabel]: namespace } }, podSelector };
}

/**
 * A pod's own node is above policies. Another that sends to it may be any: which one stands in for a client depends on
 * where that came in. What a pod sends to a node is for that node.
 */
function nodeAddressesFor(node: string, { direction, subject, directory }: Seen): string[] {
  const { places } = directory.index;
  if (direction === 'ingress' && subject.pods.every(({ spec }) => spec.nodeName === node)) return [];
  const meant =
    direction === 'ingress' ? [...places.values()] : [places.get(node)].filter((one) => one !== undefined);
  return meant.flatMap(everyNodeAddress);
}

const dnsPort = 53;

/** Kept open, seen or not: a pod that keeps its addresses for a while asks again later. */
function openDns(egress: Openings, { index }: Directory): void {
  for (const { pods } of subjectsOf([...index.cluster.pods.values()].filter(isClusterDns))) {
    const { namespace = '' } = pods[0]?.metadata ?? {};
    const asked = index.services.portsOf(clusterDnsService).filter(({ port }) => port === dnsPort);
    const ends = asked.flatMap(({ protocol, endpoints }) =>
      endpoints.map(({ port }) => ({ protocol, port })),
    );
    const usual = [{ protocol: 'UDP', port: dnsPort } as const, { protocol: 'TCP', port: dnsPort } as const];
    const peer: NetworkPolicyPeer = {
      namespaceSelector: { matchLabels: { [namespaceNameLabel]: namespace } },
      podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
    };
    for (const { protocol, port } of ends.length === 0 ? usual : ends) egress.addPeer(peer, protocol, port);
  }
}

function notesOf(about: readonly Subject[]): string[] {
  return about.flatMap(({ workloads, selector }) => {
    if (selector === undefined)
      return [`no policy for ${workloads.join(', ')}: the pods have no labels to select them by`];
    if (workloads.length > 1) return [`one policy for ${workloads.join(' and ')}: no label tells them apart`];
    return [];
  });
}

function gone(count: number): string[] {
  return count === 0
    ? []
    : [`left out: ${count} observed connections of pods, workloads or nodes that are gone`];
}
