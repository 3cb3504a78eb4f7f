import { formatAddress, parseAddress } from '../../lib/address.ts';
import { modelTraits } from '../../model/network/models.ts';
import { nameableIn } from '../../model/policy/nameable.ts';
import { openPorts } from '../../model/policy/open-ports.ts';
import type { PolicyDecision, PolicyQuestion } from '../../model/policy/port.ts';
import { noPorts, type PortSet } from '../../model/policy/port-set.ts';
import type { ClusterIndex } from '../cluster-index.ts';
import type { Judged, Reason, SourceOf } from '../flow.ts';
import { tierLine } from './tier-line.ts';

/** What all tiers said together. */
export interface PolicyVerdict {
  readonly verdict: 'allowed' | 'denied';
  /** In the order of the tiers; never empty. */
  readonly reasons: readonly Reason[];
  /** The tiers in one line, where there are several that could have a say. */
  readonly line?: string | undefined;
  /** On what it depends: the packet is let through if that is so. */
  readonly unless?: string | undefined;
}

/**
 * What the policies of a pod say, with their reasons. Two things stand above every policy: the pod's own node
 * may always reach it and be reached (kubelet probes; NetworkPolicy documentation), and a pod reaches itself.
 */
export function policyReasons(
  index: ClusterIndex,
  stage: Judged,
  sourceOf: SourceOf | undefined,
): PolicyVerdict {
  const { direction, pod, peerAddress } = stage;
  const open = openFor(direction);
  const above = abovePolicies(index, stage);
  if (above !== undefined) return open(above.object, above.rule);
  if (stage.interface !== undefined) return interfaceReasons(index, stage, sourceOf);
  const question = policyQuestion(index, stage);
  const decision = decisionAt(index, stage);
  if (decision.steps.length === 0) {
    return open(`Pod ${pod}`, `no policy isolates it for ${direction}`);
  }
  const reasons = decisionReasons(decision, stage, sourceOf);
  const named =
    decision.verdict === 'denied' && stage.domain === undefined ? byName(index, question) : undefined;
  if (named === undefined) return { verdict: decision.verdict, reasons, line: lineOf(decision) };
  const accepting = decisionReasons(named, stage, sourceOf);
  return {
    verdict: 'denied',
    reasons: [...accepting, ...reasons],
    line: lineOf(decision),
    unless: `${peerAddress} is an address of a domain name that ${accepting.map(placeOf).join(', ')} accepts`,
  };
}

/** Every port at which policies let through what `policyReasons` is asked about one port of. */
export function policyPorts(index: ClusterIndex, stage: Omit<Judged, 'protocol' | 'port'>): PortSet {
  if (abovePolicies(index, stage) !== undefined) return 'all';
  const { direction, pod, peerAddress } = stage;
  const { key, peer } = stage.interface ?? { key: pod, peer: index.podAt.get(peerAddress) };
  const policies = stage.interface === undefined ? index.policies : index.segments?.policies;
  const address = parseAddress(peerAddress);
  if (policies === undefined || address === undefined) return noPorts;
  const peerClass = peer === undefined ? 0 : policies.classOf(peer);
  return openPorts(policies.policyOf(key)[direction], { peerClass, address });
}

/** Why policies have no say. */
function abovePolicies(
  { cluster, nodeAt }: ClusterIndex,
  { pod, address, peerAddress, interface: further }: Omit<Judged, 'protocol' | 'port'>,
): { readonly object: string; readonly rule: string } | undefined {
  const { model } = cluster.config;
  const node = nodeAt.get(peerAddress);
  // No node stands above the policies of further interfaces, for it has no part in them.
  if (further === undefined && !modelTraits[model].enforcesPolicies) {
    return { object: 'ClusterNetwork default', rule: `the model ${model} enforces no policies` };
  }
  if (further === undefined && node !== undefined && node === cluster.pods.get(pod)?.spec.nodeName) {
    return { object: `Node ${node}`, rule: "a pod's own node is always let through" };
  }
  return address === peerAddress ? { object: `Pod ${pod}`, rule: 'a pod always reaches itself' } : undefined;
}

/** Nothing that policies could say counts. */
const openFor =
  (stage: Judged['direction']) =>
  (object: string, rule: string): PolicyVerdict => ({
    verdict: 'allowed',
    reasons: [{ stage, object, rule, verdict: 'allowed' }],
  });

/** The same about a further interface. */
function interfaceReasons(index: ClusterIndex, stage: Judged, sourceOf: SourceOf | undefined): PolicyVerdict {
  const { direction, pod } = stage;
  const { key = '' } = stage.interface ?? {};
  const decision = decisionAt(index, stage);
  if (decision.steps.length === 0) {
    return openFor(direction)(
      `Pod ${pod}`,
      `no policy isolates ${key.slice(pod.length + 1)} for ${direction}`,
    );
  }
  return {
    verdict: decision.verdict,
    reasons: decisionReasons(decision, stage, sourceOf),
    line: lineOf(decision),
  };
}

/** What policies say to a packet at a pod's link, or at a further interface of it, which has policies of its own. */
export function decisionAt(index: ClusterIndex, stage: Judged): PolicyDecision {
  const policies = stage.interface === undefined ? index.policies : index.segments?.policies;
  return (policies ?? index.policies).decide(policyQuestion(index, stage));
}

function policyQuestion(
  { podAt }: Pick<ClusterIndex, 'podAt'>,
  { direction, pod: own, peerAddress, domain, protocol, port, interface: further }: Judged,
): PolicyQuestion {
  const pod = further?.key ?? own;
  const peer = {
    pod: further === undefined ? podAt.get(peerAddress) : further.peer,
    address: parseAddress(peerAddress),
    ...(domain !== undefined && { domains: [domain] }),
  };
  return { direction, pod, peer, protocol, port };
}

/**
 * What is decided if the address has one of the domain names that rules of the pod accept. Only who resolves them
 * knows, and never has the cluster's DNS server names for the cluster's own addresses.
 */
function byName(index: ClusterIndex, { peer, ...question }: PolicyQuestion): PolicyDecision | undefined {
  const { address, pod } = peer;
  const isNamed = address !== undefined && pod === undefined;
  if (!isNamed || !nameableIn(index.cluster.config)(formatAddress(address))) return undefined;
  const named = index.policies.decide({ ...question, peer: { ...peer, domains: 'any' } });
  return named.verdict === 'allowed' ? named : undefined;
}

function placeOf({ object, rule }: Reason): string {
  return `${object} (${rule})`;
}

/** What the tiers said, rule by rule. */
export function decisionReasons(
  { steps }: PolicyDecision,
  { direction }: Pick<Judged, 'direction'>,
  sourceOf: SourceOf | undefined,
): Reason[] {
  return steps.flatMap(({ tier, action, rules }) =>
    rules.map(({ kind, policy, rule }) => ({
      stage: direction,
      object: `${kind} ${policy}`,
      rule,
      verdict: action === 'Deny' ? ('denied' as const) : ('allowed' as const),
      tier,
      action,
      ...sourceOf?.({ kind, key: policy }, rule),
    })),
  );
}

/** Of NetworkPolicies alone there is no order to tell. */
function lineOf({ steps }: PolicyDecision): string | undefined {
  return steps.every(({ tier }) => tier === 'NetworkPolicy') ? undefined : tierLine(steps);
}
