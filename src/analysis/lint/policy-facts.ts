import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../../api/types/network.ts';
import type { AddressRange } from '../../lib/prefix.ts';
import {
  compilePolicy,
  type CompiledPolicy,
  type CompiledRule,
  type Direction,
} from '../../model/policy/compile.ts';
import { rangesOfBlock } from '../../model/policy/ranges.ts';
import type { PodFinder } from './pod-finder.ts';

/** A NetworkPolicy, and whom it means. */
export interface PolicyFacts {
  readonly key: string;
  readonly namespace: string;
  readonly policy: NetworkPolicy;
  readonly compiled: CompiledPolicy;
  /** Keys of the pods it selects, and of those on the host network that it would select if it could. */
  readonly subjects: readonly string[];
  readonly hostSubjects: readonly string[];
  /** Those of directions in which it does not isolate are left out. */
  readonly rules: readonly RuleFacts[];
}

/** A rule of a policy, and whom it lets in or out to. */
export interface RuleFacts {
  readonly direction: Direction;
  /** `spec.ingress[0]` */
  readonly path: string;
  readonly compiled: CompiledRule;
  /** As they are written; empty where everybody may. */
  readonly peers: readonly PeerFacts[];
  readonly ports: readonly (NetworkPolicyPort & { readonly path: string })[];
}

export interface PeerFacts {
  /** `spec.ingress[0].from[1]` */
  readonly path: string;
  readonly peer: NetworkPolicyPeer;
  /** Undefined for an ipBlock. */
  readonly selected: SelectedPeers | undefined;
  /** Of an ipBlock. */
  readonly ranges: readonly AddressRange[];
}

interface SelectedPeers {
  readonly namespaces: readonly string[];
  readonly pods: readonly string[];
  readonly hostPods: readonly string[];
}

export function factsOfPolicy(key: string, policy: NetworkPolicy, finder: PodFinder): PolicyFacts {
  const compiled = compilePolicy(key, policy);
  const namespace = key.slice(0, key.indexOf('/'));
  const { seen, onHost } = finder.pods([namespace], compiled.subject.pods);
  const { ingress = [], egress = [] } = policy.spec;
  const given = {
    ingress: ingress.map(({ from, ports }) => ({ list: 'from', peers: from, ports })),
    egress: egress.map(({ to, ports }) => ({ list: 'to', peers: to, ports })),
  };
  const rulesOf = (direction: Direction): RuleFacts[] =>
    (compiled[direction] ?? []).map((rule, index) => {
      const { list = '', peers = [], ports = [] } = given[direction][index] ?? {};
      return {
        direction,
        path: rule.path,
        compiled: rule,
        peers: peers.map((peer, at) =>
          factsOfPeer(`${rule.path}.${list}[${at}]`, peer, { finder, namespace }),
        ),
        ports: ports.map((port, at) => ({ ...port, path: `${rule.path}.ports[${at}]` })),
      };
    });
  return {
    key,
    namespace,
    policy,
    compiled,
    subjects: seen,
    hostSubjects: onHost,
    rules: [...rulesOf('ingress'), ...rulesOf('egress')],
  };
}

function factsOfPeer(
  path: string,
  peer: NetworkPolicyPeer,
  { finder, namespace }: { readonly finder: PodFinder; readonly namespace: string },
): PeerFacts {
  const { podSelector, namespaceSelector, ipBlock } = peer;
  if (ipBlock !== undefined) return { path, peer, selected: undefined, ranges: rangesOfBlock(ipBlock) };
  const namespaces = namespaceSelector === undefined ? [namespace] : finder.namespaces(namespaceSelector);
  const { seen, onHost } = finder.pods(namespaces, podSelector ?? {});
  return { path, peer, selected: { namespaces, pods: seen, hostPods: onHost }, ranges: [] };
}
