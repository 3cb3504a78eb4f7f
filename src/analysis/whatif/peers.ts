import { matchesSelector, namespaceNameLabel } from '../../api/selector.ts';
import type { LabelSelector } from '../../api/types/meta.ts';
import type { NetworkPolicyPeer } from '../../api/types/network.ts';
import type { EgressPeer, PolicySubject } from '../../api/types/policy.ts';
import { bitsOf, familyOf } from '../../lib/address.ts';
import { podOfInterface } from '../../model/attachments/interfaces.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { ClusterIndex } from '../cluster-index.ts';
import type { Judged } from '../flow.ts';
import { subjectsOf } from '../suggest/subjects.ts';

/** Who is at an end of a connection, as policies can name it: as a rule the pods of one workload. */
export interface Party {
  /** For the names of policies. */
  readonly name: string;
  readonly namespace: string;
  readonly selector: LabelSelector;
  /** Keys of the pods that the selector means. */
  readonly pods: ReadonlySet<string>;
}

/** The workload of a pod, told from the others of its namespace by as few labels as it takes. */
export function partyOf({ cluster }: Pick<ClusterIndex, 'cluster'>, pod: string): Party {
  const namespace = pod.slice(0, pod.indexOf('/'));
  const own = [...cluster.pods].filter(([key]) => key.startsWith(`${namespace}/`));
  const subject = subjectsOf(own.map(([, one]) => one)).find(({ pods }) =>
    pods.some(({ metadata }) => `${namespace}/${metadata.name}` === pod),
  );
  // Pods without labels cannot be told from others.
  const selector = subject?.selector ?? {};
  const name = subject?.name ?? pod.slice(namespace.length + 1);
  return { name, namespace, selector, pods: podsOf(cluster, { name: namespace }, selector) };
}

function podsOf(
  { pods, namespaces }: Cluster,
  wanted: { readonly name: string } | { readonly selector: LabelSelector },
  selector: LabelSelector,
): Set<string> {
  const found = [...pods].filter(([key, { metadata, spec }]) => {
    const namespace = key.slice(0, key.indexOf('/'));
    const isThere =
      'name' in wanted
        ? wanted.name === namespace
        : matchesSelector(
            wanted.selector,
            namespaces.get(namespace)?.metadata.labels ?? { [namespaceNameLabel]: namespace },
          );
    return isThere && spec.hostNetwork !== true && matchesSelector(selector, metadata.labels);
  });
  return new Set(found.map(([key]) => key));
}

/** Whether a selector means just the party's pods; of a policy's own subject, or of one of its peers. */
export function isJust(
  cluster: Cluster,
  party: Party,
  { podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer,
  namespace: string,
): boolean {
  if (ipBlock !== undefined) return false;
  const wanted = namespaceSelector === undefined ? { name: namespace } : { selector: namespaceSelector };
  return podsOf(cluster, wanted, podSelector ?? {}).symmetricDifference(party.pods).size === 0;
}

/** The pod at the other end; undefined where there is none that policies could name. */
export function peerPodOf(
  { podAt }: Pick<ClusterIndex, 'podAt'>,
  { peerAddress, interface: further }: Judged,
): string | undefined {
  if (further === undefined) return podAt.get(peerAddress);
  return further.peer === undefined ? undefined : podOfInterface(further.peer);
}

/** The other end as a peer of a NetworkPolicy in this namespace: pods by labels, all others by address. */
export function networkPeer(index: ClusterIndex, judged: Judged, namespace: string): NetworkPolicyPeer {
  const { peerAddress } = judged;
  const pod = peerPodOf(index, judged);
  if (pod === undefined) return { ipBlock: { cidr: hostPrefix(peerAddress) } };
  const party = partyOf(index, pod);
  const podSelector = { podSelector: party.selector };
  if (party.namespace === namespace) return podSelector;
  return { namespaceSelector: { matchLabels: { [namespaceNameLabel]: party.namespace } }, ...podSelector };
}

/** The other end as a peer of a policy of the tiers; undefined where such policies have no word for it. */
export function tierPeer(
  index: ClusterIndex,
  { peerAddress, direction, domain }: Judged,
): PolicySubject | EgressPeer | undefined {
  if (domain !== undefined) return { domainNames: [domain] };
  const pod = index.podAt.get(peerAddress);
  if (pod !== undefined) {
    const { namespace, selector } = partyOf(index, pod);
    return {
      pods: {
        namespaceSelector: { matchLabels: { [namespaceNameLabel]: namespace } },
        podSelector: selector,
      },
    };
  }
  return direction === 'egress' ? { networks: [hostPrefix(peerAddress)] } : undefined;
}

function hostPrefix(address: string): string {
  return `${address}/${bitsOf(familyOf(address))}`;
}
