import type { ClusterNetworkSpec } from '../../api/types/network.ts';
import type { Family } from '../../lib/address.ts';

/** A network model, as `ClusterNetwork.spec.model` and `weft up --network` name it. */
export type NetworkModel = NonNullable<ClusterNetworkSpec['model']>;

/**
 * How pods hang on their node. `routed`: each by a link of its own and a host route. `bridged`: on one bridge, as if on a
 * segment: with the prefix of their node's `block`, whose first address the bridge has, or with that of the `subnet` of the
 * network that their addresses are of, by host routes to a bridge without an address.
 */
export type Wiring =
  | { readonly kind: 'routed' }
  | { readonly kind: 'bridged'; readonly bridge: string; readonly prefix: 'block' | 'subnet' };

/** A VXLAN device. */
export interface Tunnel {
  readonly link: string;
  readonly vni: number;
  /** UDP port. */
  readonly port: number;
}

/** How packets get to the pods of other nodes. `fabric`: the world around the nodes knows where each pod is. */
export type Transport =
  | {
      readonly kind: 'vxlan';
      readonly tunnel: Tunnel;
      /** What all nodes use as soon as one of them runs Windows. */
      readonly withWindows?: Tunnel;
    }
  | { readonly kind: 'fabric' };

/**
 * Where a pod's own address leaves its node; everywhere else it is masqueraded.
 *
 * - `pods`: towards pods.
 * - `pods-and-segment`: towards pods, and, unless through a Service, towards the nodes' own segment.
 * - `network`: in the virtual network that pods have their addresses in.
 * - `everywhere`: to all but the name server and the metadata service of the machines' host.
 */
export type SourceKept = 'pods' | 'pods-and-segment' | 'network' | 'everywhere';

/** Everything that tells one network model from another. Plan, agents, fabric and analysis read it here. */
export interface ModelTraits {
  /** What a lab's nodes stand on where its manifests describe nothing else. */
  readonly world: 'segment' | 'virtual-network';
  readonly wiring: Wiring;
  readonly transport: Transport;
  /** `blocks`: a block of the pod range for each node; `network`: addresses of a virtual network; `own`: others see to it. */
  readonly podAddresses: 'blocks' | 'network' | 'own';
  readonly keepsSource: SourceKept;
  /** Whether NetworkPolicy and its relatives mean anything. */
  readonly enforcesPolicies: boolean;
  /** The families that pods can have. */
  readonly families: readonly Family[];
  /** Whether the model is made for clusters with Windows nodes. */
  readonly hasWindows: boolean;
}

const routed = { kind: 'routed' } as const satisfies Wiring;
const fabric = { kind: 'fabric' } as const satisfies Transport;
const both = ['IPv4', 'IPv6'] as const satisfies readonly Family[];

/** Calico's VXLAN device, by the name, VNI and port that Calico gives it. */
const calicoTunnel = { link: 'vxlan.calico', vni: 4096, port: 4789 } as const satisfies Tunnel;

/** Flannel's `vxlan` backend; Windows takes no VNI below 4096 and no port but this. The link is named after the VNI. */
const flannelTunnels = {
  kind: 'vxlan',
  tunnel: { link: 'flannel.1', vni: 1, port: 8472 },
  withWindows: { link: 'flannel.4096', vni: 4096, port: 4789 },
} as const satisfies Transport;

const azure = {
  world: 'virtual-network',
  wiring: routed,
  transport: fabric,
  podAddresses: 'network',
  keepsSource: 'network',
  enforcesPolicies: true,
  families: ['IPv4'],
  hasWindows: true,
} as const satisfies ModelTraits;

/**
 * The models. Sources: Flannel's `backends.md`; kubenet of Kubernetes up to 1.23 and AKS' `configure-kubenet`; AKS'
 * `concepts-network-*` and the Azure CNI plugins.
 */
export const modelTraits: Readonly<Record<NetworkModel, ModelTraits>> = {
  calico: {
    world: 'segment',
    wiring: routed,
    transport: { kind: 'vxlan', tunnel: calicoTunnel },
    podAddresses: 'blocks',
    keepsSource: 'pods',
    enforcesPolicies: true,
    families: both,
    hasWindows: true,
  },
  flannel: {
    world: 'segment',
    wiring: { kind: 'bridged', bridge: 'cni0', prefix: 'block' },
    transport: flannelTunnels,
    podAddresses: 'blocks',
    keepsSource: 'pods-and-segment',
    enforcesPolicies: false,
    families: ['IPv4'],
    hasWindows: true,
  },
  kubenet: {
    ...azure,
    wiring: { kind: 'bridged', bridge: 'cbr0', prefix: 'block' },
    podAddresses: 'blocks',
    keepsSource: 'pods',
    enforcesPolicies: false,
    hasWindows: false,
  },
  'azure-cni': azure,
  'azure-cni-dynamic': { ...azure, keepsSource: 'everywhere' },
  'azure-cni-overlay': { ...azure, podAddresses: 'blocks', keepsSource: 'pods' },
  none: {
    ...azure,
    world: 'segment',
    podAddresses: 'own',
    // Whoever wires the pods may enforce them.
    enforcesPolicies: false,
    keepsSource: 'everywhere',
    families: both,
  },
};

/** The older mode of Azure's CNI plugin, by the name of its bridge. */
const azureBridge = { kind: 'bridged', bridge: 'azure0', prefix: 'subnet' } as const satisfies Wiring;

/** A model in one of its modes. */
interface ModelInMode {
  readonly model: NetworkModel;
  readonly cniMode: NonNullable<ClusterNetworkSpec['cniMode']>;
}

/** The traits of a cluster's model, in the mode that it has. */
export function traitsOf({ model, cniMode }: ModelInMode): ModelTraits {
  const traits = modelTraits[model];
  return model === 'azure-cni' && cniMode === 'bridge' ? { ...traits, wiring: azureBridge } : traits;
}

/** Names of all links by which agents connect nodes and pods, in any model, besides the pods' own. */
export const agentLinks: ReadonlySet<string> = new Set(
  [...Object.values(modelTraits), { wiring: azureBridge, transport: fabric }].flatMap(
    ({ wiring, transport }) => [
      ...(wiring.kind === 'bridged' ? [wiring.bridge] : []),
      ...tunnelsOf(transport).map(({ link }) => link),
    ],
  ),
);

/** Every VXLAN device that nodes may have, the usual one first. */
export function tunnelsOf(transport: Transport): readonly Tunnel[] {
  if (transport.kind === 'fabric') return [];
  const { tunnel, withWindows } = transport;
  return withWindows === undefined ? [tunnel] : [tunnel, withWindows];
}
