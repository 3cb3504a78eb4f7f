import {
  everyPortOf,
  intersectPorts,
  noPorts,
  protocols,
  subtractPorts,
  unionPorts,
  type PortSet,
} from '../../policy/port-set.ts';
import { isAbout, type JudgedFlow, type ResolvedRule } from './security.ts';

/**
 * Everything that rules let through between two addresses: what `decidingRule` says of each port. ICMP is a part of what
 * has no ports: a rule that allows nothing else opens none of it, and one that denies it closes all.
 */
export function allowedPorts(
  rules: readonly ResolvedRule[],
  ends: Pick<JudgedFlow, 'source' | 'destination'>,
): PortSet {
  let [allowed, undecided]: [PortSet, PortSet] = [noPorts, 'all'];
  for (const rule of rules) {
    // As long as nobody knows the source port, rules about it match nothing.
    if (rule.sourcePorts.length > 0 || !isAbout(rule, ends)) continue;
    const ports = portsOf(rule);
    if (rule.access === 'Allow') allowed = unionPorts(allowed, intersectPorts(undecided, ports));
    undecided = subtractPorts(undecided, ports);
    if (undecided !== 'all' && undecided.length === 0) break;
  }
  return allowed;
}

const tags = { Tcp: 'TCP', Udp: 'UDP' } as const;

function portsOf({ protocol, destinationPorts, access }: ResolvedRule): PortSet {
  if (protocol === 'Icmp') return access === 'Allow' ? noPorts : [{ protocol: 'other', first: 0, last: 0 }];
  if (protocol === 'Any' && destinationPorts.length === 0) return 'all';
  const own = protocol === 'Any' ? protocols : [tags[protocol]];
  return own
    .flatMap((one) =>
      destinationPorts.length === 0
        ? [everyPortOf(one)]
        : destinationPorts.map(([first, last]) => ({ protocol: one, first, last })),
    )
    .reduce<PortSet>((set, range) => unionPorts(set, [range]), noPorts);
}
