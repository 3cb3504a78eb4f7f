/** Schemas of Weft's own kinds, in the notation of schema.ts. */
export const weftKinds = {
  'weft.dev/v1alpha1 ClusterNetwork': 'ClusterNetwork',
} as const;

export const weftTypes = {
  ClusterNetwork: {
    'apiVersion!': 'string',
    'kind!': 'string',
    metadata: '#ObjectMeta',
    'spec!': '#ClusterNetworkSpec',
  },
  ClusterNetworkSpec: {
    model: 'calico|flannel|kubenet|azure-cni|azure-cni-dynamic|azure-cni-overlay|none',
    dataplane: 'nftables|ebpf',
    podCIDR: 'string',
    serviceCIDR: 'string',
    maxPodsPerNode: 'integer',
    establishedConnections: 'cut|keep',
    externalIPs: 'Allow|Ignore',
    masqueradeAll: 'boolean',
    nodePortAddresses: '[]string',
    localhostNodePorts: 'boolean',
    upstreamResolvers: '[]string',
    minimumDomainTTL: 'integer',
    podSubnet: 'string',
    podIPAllocation: 'DynamicIndividual|StaticBlock',
    cniMode: 'transparent|bridge',
  },
} as const;
