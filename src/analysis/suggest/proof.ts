import type { Pod } from '../../api/types/core.ts';
import { keyOf } from '../../api/resources.ts';
import { parseAddress } from '../../lib/address.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { ObservedFlow } from '../../model/flows/observed-flow.ts';
import { podAddresses } from '../../model/network/pod-addresses.ts';
import { workloadOf, workloadText } from '../../model/workloads/workload-of.ts';
import { isClusterDns } from '../cluster-dns.ts';
import { indexOf, type ClusterIndex } from '../cluster-index.ts';
import { diffReach } from '../diff/diff.ts';
import { reach } from '../reach/reach.ts';
import type { Connection } from '../reach/answer.ts';
import type { Suggestion } from './suggest.ts';

/** What the model says of a cluster that has the suggested policies beside those that it had. */
export interface SuggestionProof {
  /** Observed connections that would be denied, with who denies them: none, unless other policies do. */
  readonly broken: readonly { readonly flow: ObservedFlow; readonly why: string }[];
  /** Pairs of ends that reach each other, before and with the suggestion. */
  readonly before: number;
  readonly after: number;
  /** What stays open between workloads although nobody was seen to use it, the cluster DNS apart. */
  readonly unused: readonly Connection[];
  /** What other policies keep open to or from outside. */
  readonly outside: readonly string[];
}

/** Asks the model about the cluster with a suggestion, as `reach` does. */
export function proveSuggestion(cluster: Cluster, suggestion: Suggestion): SuggestionProof {
  const suggested = new Map(suggestion.policies.map(({ policy }) => [keyOf(policy), policy]));
  const after: Cluster = {
    ...cluster,
    networkPolicies: new Map([...cluster.networkPolicies, ...suggested]),
  };
  const covered = new Set(suggestion.policies.flatMap(({ workloads }) => workloads));
  const isAbout = ({ source, destination }: Connection): boolean =>
    covered.has(source) || covered.has(destination);
  const connections = reach(after, { includeClusterDns: true }).connections.filter(isAbout);
  return {
    broken: brokenFlows(after, suggestion.flows),
    before: reach(cluster, { includeClusterDns: true }).connections.filter(isAbout).length,
    after: connections.length,
    unused: unusedIn(connections, cluster, suggestion.flows),
    outside: openedByOthers({ ...cluster, networkPolicies: suggested }, after, covered),
  };
}

function brokenFlows(
  cluster: Cluster,
  flows: readonly ObservedFlow[],
): { flow: ObservedFlow; why: string }[] {
  const index = indexOf(cluster);
  const pods = Map.groupBy(cluster.pods.values(), (pod) => workloadText(workloadOf(pod)));
  return flows.flatMap((flow) => {
    const why = whyBroken(flow, pods, index);
    return why === undefined ? [] : [{ flow, why }];
  });
}

/** The denial of any pair of their pods; of the directions in which it was seen. */
function whyBroken(
  flow: ObservedFlow,
  pods: ReadonlyMap<string, readonly Pod[]>,
  index: ClusterIndex,
): string | undefined {
  const { source, destination, protocol, port } = flow;
  const [senders, receivers] = [pods.get(source), pods.get(destination)];
  const asked = [
    ...(flow.sent ? questions('egress', senders, { pods: receivers, end: destination }, index) : []),
    ...(flow.received ? questions('ingress', receivers, { pods: senders, end: source }, index) : []),
  ];
  for (const question of asked) {
    const { verdict, steps } = index.policies.decide({ ...question, protocol, port });
    const rules = steps.at(-1)?.rules ?? [];
    if (verdict === 'denied')
      return `${question.direction} of ${question.pod} is denied by ${rules.map(({ kind, policy }) => `${kind} ${policy}`).join(', ')}`;
  }
  return undefined;
}

type Question = Omit<Parameters<ClusterIndex['policies']['decide']>[0], 'protocol' | 'port'>;

/** One for each two pods that policies can tell from other pairs. */
function questions(
  direction: 'ingress' | 'egress',
  own: readonly Pod[] | undefined,
  peer: { readonly pods: readonly Pod[] | undefined; readonly end: string },
  index: ClusterIndex,
): Question[] {
  const { policies } = index;
  const subjects = distinct(own ?? [], (pod) => policies.policyOf(keyOf(pod)));
  if (peer.pods === undefined) {
    const address = parseAddress(peer.end);
    return address === undefined
      ? []
      : subjects.map((pod) => ({ direction, pod: keyOf(pod), peer: { address } }));
  }
  const peers = distinct(peer.pods, (pod) => policies.classOf(keyOf(pod)));
  return subjects.flatMap((pod) =>
    peers.map((other) => ({
      direction,
      pod: keyOf(pod),
      peer: { pod: keyOf(other), address: parseAddress(podAddresses(other)[0] ?? '') },
    })),
  );
}

function distinct(pods: readonly Pod[], traitOf: (pod: Pod) => unknown): Pod[] {
  return [...new Map(pods.map((pod) => [traitOf(pod), pod])).values()];
}

/** Ports between two workloads that nobody was seen to use. Policies cannot shut out pods on the host network. */
function unusedIn(
  connections: readonly Connection[],
  cluster: Cluster,
  flows: readonly ObservedFlow[],
): Connection[] {
  const ofPods = new Map<string, Pod>();
  for (const pod of cluster.pods.values()) ofPods.set(workloadText(workloadOf(pod)), pod);
  const isJudged = (name: string): boolean => {
    const pod = ofPods.get(name);
    return pod !== undefined && pod.spec.hostNetwork !== true;
  };
  const used = Map.groupBy(flows, ({ source, destination }) => `${source} ${destination}`);
  return connections.flatMap(({ source, destination, ports }) => {
    const dns = ofPods.get(destination);
    if (!isJudged(source) || !isJudged(destination) || (dns !== undefined && isClusterDns(dns))) return [];
    const seen = used.get(`${source} ${destination}`) ?? [];
    const left = ports.filter((range) => !isUsed(range, seen));
    return left.length === 0 ? [] : [{ source, destination, ports: left }];
  });
}

/** Whether each port of a range, as `reach` writes it, was seen. */
function isUsed(range: string, seen: readonly ObservedFlow[]): boolean {
  const [, protocol, first = '', last = first] = /^(\w+) (\d+)(?:-(\d+))?$/.exec(range) ?? [];
  const ports = new Set(seen.filter((flow) => flow.protocol === protocol).map(({ port }) => port));
  const within = [...ports].filter((port) => port >= Number(first) && port <= Number(last));
  return first !== '' && within.length === Number(last) - Number(first) + 1;
}

function openedByOthers(alone: Cluster, together: Cluster, covered: ReadonlySet<string>): string[] {
  const isOutside = (end: string): boolean => parseAddress(end.split(/[/-]/)[0] ?? '') !== undefined;
  return diffReach(alone, together)
    .connections.filter(
      ({ change, source, destination }) =>
        change !== 'removed' &&
        ((isOutside(source) && covered.has(destination)) || (covered.has(source) && isOutside(destination))),
    )
    .map(
      ({ source, destination, after }) => `${source} => ${destination} : ${after?.ports.join(', ') ?? ''}`,
    );
}
