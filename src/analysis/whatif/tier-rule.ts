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
  const [word, older] = [action, action === 'Accept' ? 'Allow' : 'Deny'];
  // What has no ports is meant by a rule that names none.
  if (protocol === 'other') return { action: kind === 'ClusterNetworkPolicy' ? word : older, ...peers };
  if (kind === 'ClusterNetworkPolicy') {
    return {
      action,
      ...peers,
      protocols: [{ [protocol.toLowerCase()]: { destinationPort: { number: port } } }],
    };
  }
  return {
    action: older,
    ...peers,
    ports: [{ portNumber: { protocol, port } }],
  };
}
