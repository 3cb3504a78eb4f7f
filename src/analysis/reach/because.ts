import { formatAddress, parseAddress, type Address } from '../../lib/address.ts';
import type { AddressRange } from '../../lib/prefix.ts';
import { portSetKey, type PortProtocol, type PortSet } from '../../model/policy/port-set.ts';
import { stranger, type ClusterIndex } from '../cluster-index.ts';
import type { Reason, SourceOf } from '../flow.ts';
import { decisionReasons } from '../predict/policy-stage.ts';
import { networkReasons } from './network-because.ts';
import type { Party, ReachNetworks } from './networks.ts';
import { addressPairs, crossingOf } from './pairs.ts';
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
  /** Between a group and a machine around the nodes, or between two of these. */
  machine(way: MachineWay, ports: PortSet): readonly Reason[];
}

export interface MachineWay {
  readonly source: Party;
  readonly destination: Pick<Party, 'place'>;
  /** The pods of one end, and which way it is for them. */
  readonly group?: Group;
  readonly direction?: 'ingress' | 'egress';
}

export function createBecause(
  index: ClusterIndex,
  sourceOf: SourceOf | undefined,
  networks: ReachNetworks | undefined,
): Because {
  const known = new Map<string, readonly Reason[]>();

  const reasonsAt = (end: End, ports: PortSet): Reason[] =>
    samplesOf(ports).flatMap(({ protocol, port }) => {
      const decision = index.policies.decide({ ...end, protocol, port });
      if (decision.steps.length > 0) return decisionReasons(decision, end, sourceOf);
      const rule = `no policy isolates it for ${end.direction}`;
      return [{ stage: end.direction, object: `Pod ${end.pod}`, rule, verdict: 'allowed' } as const];
    });

  const between = (source: Party, destination: Pick<Party, 'place'>, ports: PortSet): Reason[] =>
    networks === undefined ? [] : networkReasons(networks, { source, destination }, { ports, sourceOf });

  const compute = (source: Group, destination: Group, ports: PortSet): Reason[] => {
    const { node } = source;
    if (node !== undefined && node === destination.node && (source.isHost || destination.isHost)) {
      const rule = "a pod's own node is always let through";
      return [{ stage: 'egress', object: `Node ${node}`, rule, verdict: 'allowed' }];
    }
    return addressPairs(source, destination).flatMap(({ from, to }) => {
      const crossing = crossingOf({ source, destination, ends: { from, to } });
      return [
        ...reasonsAt({ direction: 'egress', pod: source.pod, peer: peerOf(destination, to) }, ports),
        ...(crossing === undefined ? [] : between(crossing.source, crossing.destination, ports)),
        ...reasonsAt({ direction: 'ingress', pod: destination.pod, peer: peerOf(source, from) }, ports),
      ];
    });
  };

  return {
    between(source, destination, ports) {
      const key = `${source.id} ${destination.id} ${portSetKey(ports)}`;
      const reasons = known.get(key) ?? distinctReasons(compute(source, destination, ports));
      known.set(key, reasons);
      return reasons;
    },
    outside(direction, group, { first }, ports) {
      const reasons = reasonsAt({ direction, pod: group.pod, peer: { address: first } }, ports);
      const { party } = group;
      const carried = networks !== undefined && party !== undefined && direction === 'egress';
      return distinctReasons([
        ...reasons,
        ...(carried
          ? networkReasons(
              networks,
              { source: party, destination: { place: { kind: 'external', address: formatAddress(first) } } },
              { ports, sourceOf },
            )
          : []),
      ]);
    },
    stranger: (pod, ports) =>
      distinctReasons(reasonsAt({ direction: 'ingress', pod, peer: { pod: stranger } }, ports)),
    machine({ source, destination, group, direction }, ports) {
      const ways = between(source, destination, ports);
      if (group === undefined || direction === undefined) return distinctReasons(ways);
      const address = parseAddress((direction === 'egress' ? destination : source).place.address);
      const own = reasonsAt({ direction, pod: group.pod, peer: { ...(address && { address }) } }, ports);
      return distinctReasons(direction === 'egress' ? [...own, ...ways] : [...ways, ...own]);
    },
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
export function samplesOf(ports: PortSet): { readonly protocol: PortProtocol; readonly port: number }[] {
  if (ports === 'all') return [{ protocol: 'other', port: 0 }];
  return ports.map(({ protocol, first }) => ({ protocol, port: first }));
}

/** Each rule once, those that stop nothing alone. */
export function distinctReasons(reasons: readonly Reason[]): Reason[] {
  const allowing = reasons.filter(({ verdict }) => verdict === 'allowed');
  return [...new Map(allowing.map((one) => [`${one.stage} ${one.object} ${one.rule}`, one])).values()];
}
