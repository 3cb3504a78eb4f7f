import { testCases } from './test-cases.ts';

testCases([
  {
    name: 'the default is valid',
    kind: 'ClusterNetwork',
    metadata: { name: 'default' },
    spec: {},
    problems: [],
  },
  {
    name: 'is named default and has a known model',
    kind: 'ClusterNetwork',
    spec: { model: 'weave' },
    problems: [
      'spec.model FieldValueNotSupported: Unsupported value: "weave": supported values: "calico", "flannel", "kubenet", "azure-cni", "azure-cni-dynamic", "azure-cni-overlay", "none"',
      'metadata.name FieldValueNotSupported: Unsupported value: "a": supported values: "default"',
    ],
  },
  {
    name: 'its ranges do not overlap, the default ones included',
    kind: 'ClusterNetwork',
    metadata: { name: 'default' },
    spec: { podCIDR: '10.96.0.0/16' },
    problems: [
      'spec.serviceCIDR FieldValueInvalid: Invalid value: "10.96.0.0/12": must not overlap podCIDR (10.96.0.0/16)',
    ],
  },
  {
    name: 'its ranges are CIDRs',
    kind: 'ClusterNetwork',
    metadata: { name: 'default' },
    spec: { podCIDR: '10.244.0.0', maxPodsPerNode: 0 },
    problems: [
      'spec.podCIDR FieldValueInvalid: Invalid value: "10.244.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
      'spec.maxPodsPerNode FieldValueInvalid: Invalid value: 0: must be between 1 and 65534, inclusive',
    ],
  },
]);
