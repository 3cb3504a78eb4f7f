import { familyOf } from '../../lib/address.ts';
import { parsePrefix } from '../../lib/prefix.ts';
import type { NetworkConfig } from './config.ts';
import { modelTraits, type ModelTraits } from './models.ts';
import { labNodeAddress, labNodeName } from './lab-addresses.ts';
import { ownPodAddresses, podBlocks } from './places.ts';
import type { FamilyPlace, NodePlace } from './topology.ts';

/**
 * Where the lab node with this index is, from 0, of the lab's first cluster (0) or a further one; undefined when a pod
 * range has no block left for it.
 */
export function labPlace(
  config: Pick<NetworkConfig, 'podCidrs' | 'model'>,
  index: number,
  cluster = 0,
): NodePlace | undefined {
  const blocks = podBlocks(config, index);
  const traits = modelTraits[config.model];
  const [primary, secondary] = (blocks ?? []).map((podCidr) =>
    familyPlace(podCidr, { index, cluster, traits }),
  );
  if (primary === undefined) return undefined;
  return { name: labNodeName(index), ...primary, ...(secondary === undefined ? {} : { secondary }) };
}

function familyPlace(
  podCidr: string,
  {
    index,
    cluster,
    traits,
  }: { readonly index: number; readonly cluster: number; readonly traits: ModelTraits },
): FamilyPlace {
  const block = parsePrefix(podCidr);
  return {
    address: labNodeAddress(index, familyOf(podCidr), cluster),
    podCidr,
    ...(block === undefined ? {} : ownPodAddresses(block, traits)),
  };
}
