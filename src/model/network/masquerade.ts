import { familyOf, type Family } from '../../lib/address.ts';
import { metadataAddress, platformAddress } from '../fabric/network/platform.ts';
import type { NetworkConfig } from './config.ts';
import { labAddressesOf } from './lab-addresses.ts';
import { modelTraits, type SourceKept } from './models.ts';

/** What a node does with the source addresses of pods, in one family. */
export interface Masquerade {
  /** Who is a pod: clients outside of these are masqueraded when they go through a Service. */
  readonly podRanges: readonly string[];
  /** Whether those are the address space of a virtual network, which may change; else they are constant. */
  readonly isOfNetwork: boolean;
  /** Destinations that see pods as they are: those of `podRanges`, or all. */
  readonly kept: 'pod-ranges' | 'everywhere';
  /** The same, but not where a Service chose them: what answers there might not find the way back. */
  readonly keptDirectly: readonly string[];
  /** Destinations that always see the node, whatever range they are in. */
  readonly hidden: readonly HostService[];
}

/** What the host of a virtual machine answers for, and only that machine's own addresses may ask for. */
export interface HostService {
  readonly address: string;
  readonly protocol: 'TCP' | 'UDP';
  readonly port: number;
}

/** The name server and the metadata service of a machine in a virtual network. */
const hostServices = [
  { address: platformAddress, protocol: 'UDP', port: 53 },
  { address: platformAddress, protocol: 'TCP', port: 53 },
  { address: metadataAddress, protocol: 'TCP', port: 80 },
] as const satisfies readonly HostService[];

/** What the masquerade follows from. */
export interface MasqueradeContext {
  readonly config: Pick<NetworkConfig, 'model' | 'podCidrs'>;
  /** Prefixes of the virtual networks that nodes and pods are in, see `spaceOfPods`; of no matter in other worlds. */
  readonly networkSpace: readonly string[];
}

/** The masquerade of a cluster's nodes in one family. */
export function masqueradeOf({ config, networkSpace }: MasqueradeContext, family: Family): Masquerade {
  const { podAddresses, keepsSource } = modelTraits[config.model];
  // Pods that have no range of their own have addresses of the whole network, which nodes then take for pods'.
  const isOfNetwork = podAddresses === 'network';
  const podRanges = (isOfNetwork ? networkSpace : config.podCidrs).filter(
    (range) => familyOf(range) === family,
  );
  return { podRanges, isOfNetwork, ...keptBy(keepsSource, family) };
}

function keptBy(kept: SourceKept, family: Family): Pick<Masquerade, 'kept' | 'keptDirectly' | 'hidden'> {
  if (kept === 'everywhere') {
    const hidden = hostServices.filter(({ address }) => familyOf(address) === family);
    return { kept, keptDirectly: [], hidden };
  }
  const keptDirectly = kept === 'pods-and-segment' ? [labAddressesOf[family].segment] : [];
  return { kept: 'pod-ranges', keptDirectly, hidden: [] };
}
