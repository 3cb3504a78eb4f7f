import type { Address } from '../../lib/address.ts';
import type { AddressRange } from '../../lib/prefix.ts';
import { portSetKey, type PortProtocol, type PortSet } from '../../model/policy/port-set.ts';
import { stranger, type ClusterIndex } from '../cluster-index.ts';
import type { Reason, SourceOf } from '../flow.ts';
import { decisionReasons } from '../predict/policy-stage.ts';
import { addressPairs } from './pairs.ts';
import type { Group } from './groups.ts';

/** Why ports are open, at both ends: the rules that allow them, or that no policy has a say. */
export interface Because {
  between(source: Group, destination: Group, ports: PortSet): readonly Reason[];
  /** Between a group and addresses outside. */
  outside(
    direction: 'ingress' | 'egress',
    group: Group,
    range: AddressRange,
    ports: PortSet,
  ): readonly Reason[];
  /** From a pod that nobody described, to one. */
  stranger(pod: string, ports: PortSet): readonly Reason[];
  /** From a group to a domain name. */
  name(group: Group, name: string, ports: PortSet): readonly Reason[];
}

export function createBecause(index: ClusterIndex, sourceOf: SourceOf | undefined): Because {
  const known = new Map<string, readonly Reason[]>();

  const reasonsAt = (end: End, ports: PortSet): Reason[] =>
    samplesOf(ports).flatMap(({ protocol, port }) => {
      const decision = index.policies.decide({ ...end, protocol, port });
      if (decision.steps.length > 0) return decisionReasons(decision, end, sourceOf);
      const rule = `no policy isolates it for ${end.direction}`;
      return [{ stage: end.direction, object: `Pod ${end.pod}`, rule, verdict: 'allowed' } as const];
    });

  const compute = (source: Group, destination: Group, ports: PortSet): Reason[] => {
    const { node } = source;
    if (node !== undefined && node === destination.node && (source.isHost || destination.isHost)) {
      const rule = "a pod's own node is always let through";
      return [{ stage: 'egress', object: `Node ${node}`, rule, verdict: 'allowed' }];
    }
    return addressPairs(source, destination).flatMap(({ from, to }) => [
      ...reasonsAt({ direction: 'egress', pod: source.pod, peer: peerOf(destination, to) }, ports),
      ...reasonsAt({ direction: 'ingress', pod: destination.pod, peer: peerOf(source, from) }, ports),
    ]);
  };

  return {
    between(source, destination, ports) {
      const key = `${source.id} ${destination.id} ${portSetKey(ports)}`;
      const reasons = known.get(key) ?? distinctReasons(compute(source, destination, ports));
      known.set(key, reasons);
      return reasons;
    },
    outside(direction, group, { first }, ports) {
      return distinctReasons(reasonsAt({ direction, pod: group.pod, peer: { address: first } }, ports));
    },
    stranger: (pod, ports) =>
      distinctReasons(reasonsAt({ direction: 'ingress', pod, peer: { pod: stranger } }, ports)),
    name(group, name, ports) {
      const peer = { domains: [name] };
      return distinctReasons(reasonsAt({ direction: 'egress', pod: group.pod, peer }, ports));
    },
  };
}

interface End {
  readonly direction: 'ingress' | 'egress';
  readonly pod: string;
  readonly peer: { readonly pod?: string; readonly address?: Address; readonly domains?: readonly string[] };
}

/** A node shows its own address for its pods on the host network. */
function peerOf({ pod, isHost }: Group, address: Address | undefined): End['peer'] {
  return { ...(!isHost && { pod }), ...(address !== undefined && { address }) };
}

/** One port of every range; of everything, what only rules without ports allow. */
function samplesOf(ports: PortSet): { readonly protocol: PortProtocol; readonly port: number }[] {
  if (ports === 'all') return [{ protocol: 'other', port: 0 }];
  return ports.map(({ protocol, first }) => ({ protocol, port: first }));
}

/** Each rule once, those that stop nothing alone. */
export function distinctReasons(reasons: readonly Reason[]): Reason[] {
  const allowing = reasons.filter(({ verdict }) => verdict === 'allowed');
  return [...new Map(allowing.map((one) => [`${one.stage} ${one.object} ${one.rule}`, one])).values()];
}
