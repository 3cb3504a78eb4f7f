import { familyOf } from '../../lib/address.ts';
import { parsePrefix } from '../../lib/prefix.ts';
import type { NetworkConfig } from './config.ts';
import { modelTraits, type ModelTraits } from './models.ts';
import { labNodeAddress, labNodeName } from './lab-addresses.ts';
import { ownPodAddresses, podBlocks } from './places.ts';
import type { FamilyPlace, NodePlace } from './topology.ts';

/** Where the lab node with this index is, from 0; undefined when a pod range has no block left for it. */
export function labPlace(
  config: Pick<NetworkConfig, 'podCidrs' | 'model'>,
  index: number,
): NodePlace | undefined {
  const blocks = podBlocks(config, index);
  const [primary, secondary] = (blocks ?? []).map((podCidr) =>
    familyPlace(podCidr, { index, traits: modelTraits[config.model] }),
  );
  if (primary === undefined) return undefined;
  return { name: labNodeName(index), ...primary, ...(secondary === undefined ? {} : { secondary }) };
}

function familyPlace(
  podCidr: string,
  { index, traits }: { readonly index: number; readonly traits: ModelTraits },
): FamilyPlace {
  const block = parsePrefix(podCidr);
  return {
    address: labNodeAddress(index, familyOf(podCidr)),
    podCidr,
    ...(block === undefined ? {} : ownPodAddresses(block, traits)),
  };
}
