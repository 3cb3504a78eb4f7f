/** Schemas of the kinds of the layer-2 world, in the notation of schema.ts. */
export const layer2Kinds = {
  'weft.dev/v1alpha1 Segment': 'Segment',
  'weft.dev/v1alpha1 VirtualSwitch': 'VirtualSwitch',
  'weft.dev/v1alpha1 NodeRoute': 'NodeRoute',
} as const;

const head = {
  'apiVersion!': 'string',
  'kind!': 'string',
  'metadata!': '#ObjectMeta',
  status: 'any',
} as const;
const plan = {
  prefix: 'string',
  gateway: 'string',
  dhcp: '#DhcpRange',
  pools: '[]#AddressRangePool',
} as const;

export const layer2Types = {
  Segment: { ...head, spec: '#SegmentSpec' },
  SegmentSpec: { ...plan, vlan: 'integer' },
  DhcpRange: { 'range!': 'string', server: 'string', leaseSeconds: 'integer' },
  AddressRangePool: { 'name!': 'string', 'range!': 'string' },
  VirtualSwitch: { ...head, 'spec!': '#VirtualSwitchSpec' },
  VirtualSwitchSpec: { ...plan, 'type!': 'external|internal', uplink: 'string', address: 'string' },
  NodeRoute: { ...head, 'spec!': '#NodeRouteSpec' },
  NodeRouteSpec: {
    'interface!': 'string',
    'destination!': 'string',
    'nextHop!': 'string',
    'metric!': 'integer',
  },
} as const;
