import type { EgressPeer, PolicySubject } from '../../api/types/policy.ts';
import type { PolicyKind } from '../../model/policy/compile.ts';
import type { Judged } from '../flow.ts';

/** A rule of a policy of tier Admin or Baseline about one peer and one port, in the words of its kind. */
export function tierRule(
  kind: PolicyKind,
  action: 'Accept' | 'Deny',
  { direction, protocol, port }: Pick<Judged, 'direction' | 'protocol' | 'port'>,
  peer: PolicySubject | EgressPeer,
): object {
  const peers = { [direction === 'ingress' ? 'from' : 'to']: [peer] };
  if (kind === 'ClusterNetworkPolicy') {
    return {
      action,
      ...peers,
      protocols: [{ [protocol.toLowerCase()]: { destinationPort: { number: port } } }],
    };
  }
  return {
    action: action === 'Accept' ? 'Allow' : 'Deny',
    ...peers,
    ports: [{ portNumber: { protocol, port } }],
  };
}
