import type { Node } from '../../api/types/core.ts';
import { parseAddress } from '../../lib/address.ts';
import type { NodeFacts } from '../policy/port.ts';

/** What policies can see of a node: its labels and all of its addresses (ClusterNetworkPolicy `nodes` peers). */
export function nodeFacts({ metadata, status }: Node): NodeFacts {
  return {
    labels: metadata.labels ?? {},
    addresses: (status?.addresses ?? []).flatMap(({ address }) => parseAddress(address) ?? []),
  };
}
