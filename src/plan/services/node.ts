import { familyOf, inFamily } from '../../lib/address.ts';
import type { NetworkConfig } from '../../model/network/config.ts';
import { masqueradeOf } from '../../model/network/masquerade.ts';
import { modelTraits, tunnelsOf } from '../../model/network/models.ts';
import { familyPlaces, nodeLink, type FamilyPlace, type NodePlace } from '../../model/network/topology.ts';
import { tunnelPackets } from '../links/tunnels.ts';
import type { LinkAddress, ServicesNode } from './skeleton.ts';

/** What the Service rules of each family of a node go by; families that the network has no range for have none. */
export function servicesNodes(place: NodePlace, config: NetworkConfig): ServicesNode[] {
  const { podCidrs, serviceCidrs, masqueradeAll } = config;
  const traits = modelTraits[config.model];
  return familyPlaces(place).flatMap((own) => {
    const family = familyOf(own.address);
    const [podCidr, serviceCidr] = [podCidrs, serviceCidrs].map((ranges) => inFamily(ranges, family));
    if (podCidr === undefined || serviceCidr === undefined) return [];
    // What is a network's is in a set, and follows it.
    const masquerade = masqueradeOf({ config, networkSpace: [] }, family);
    const linkAddresses = linkAddressesOf(own, config);
    return [
      {
        nodeAddress: own.address,
        linkAddresses,
        masquerade,
        serviceCidr,
        masqueradeAll,
        // The tables of policies have a hook before connection tracking as it is.
        tunnels: traits.enforcesPolicies ? [] : tunnelPackets(place, traits, family),
        ...(traits.podAddresses === 'network' && { lastLink: nodeLink }),
      },
    ];
  });
}

/** The addresses by which a node speaks on its tunnels and with the pods of its bridge. */
function linkAddressesOf(
  { tunnelAddress, bridgeAddress }: FamilyPlace,
  { model }: Pick<NetworkConfig, 'model'>,
): LinkAddress[] {
  const { transport, wiring } = modelTraits[model];
  const found: LinkAddress[] = [];
  if (tunnelAddress !== undefined) {
    found.push(...tunnelsOf(transport).map(({ link }) => ({ link, address: tunnelAddress })));
  }
  if (bridgeAddress !== undefined && wiring.kind === 'bridged') {
    found.push({ link: wiring.bridge, address: bridgeAddress });
  }
  return found;
}
