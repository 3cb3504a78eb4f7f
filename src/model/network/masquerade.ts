import { familyOf, type Family } from '../../lib/address.ts';
import { everyAddress } from '../../lib/prefix.ts';
import { metadataAddress, platformAddress } from '../fabric/network/platform.ts';
import type { NetworkConfig } from './config.ts';
import { labAddressesOf } from './lab-addresses.ts';
import { modelTraits, type ModelTraits, type SourceKept } from './models.ts';

/** What a node does with the source addresses of pods, in one family. All ranges are constant while a cluster lives. */
export interface Masquerade {
  /** Who is a pod: clients outside of these are masqueraded when they go through a Service. */
  readonly podRanges: readonly string[];
  /** Destinations that see pods as they are. */
  readonly kept: readonly string[];
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

type Ranges = Pick<NetworkConfig, 'model' | 'podCidrs'>;

/** The masquerade of a cluster's nodes in one family. */
export function masqueradeOf(config: Ranges, family: Family): Masquerade {
  const traits = modelTraits[config.model];
  const podRanges = podRangesOf(config, traits).filter((range) => familyOf(range) === family);
  return { podRanges, ...keptBy(traits.keepsSource, podRanges, family) };
}

/** Pods that have no range of their own have addresses of the whole network, which nodes then take for pods'. */
function podRangesOf({ podCidrs }: Ranges, { podAddresses }: ModelTraits): readonly string[] {
  return podAddresses === 'network' ? networkPrefixes : podCidrs;
}

/** The address space of the virtual network that a lab has unless it describes another. */
const networkPrefixes: readonly string[] = [labAddressesOf.IPv4.segment];

function keptBy(
  kept: SourceKept,
  podRanges: readonly string[],
  family: Family,
): Omit<Masquerade, 'podRanges'> {
  if (kept === 'everywhere') {
    const hidden = hostServices.filter(({ address }) => familyOf(address) === family);
    return { kept: [everyAddress[family]], keptDirectly: [], hidden };
  }
  const keptDirectly = kept === 'pods-and-segment' ? [labAddressesOf[family].segment] : [];
  return { kept: podRanges, keptDirectly, hidden: [] };
}
