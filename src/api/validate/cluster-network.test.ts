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
    name: 'has families that its model has',
    kind: 'ClusterNetwork',
    metadata: { name: 'default' },
    spec: {
      model: 'flannel',
      podCIDR: '10.244.0.0/16,fd00:10:244::/56',
      serviceCIDR: '10.96.0.0/12,fd00::/112',
    },
    problems: [
      'spec.podCIDR FieldValueInvalid: Invalid value: "fd00:10:244::/56": the model flannel has no IPv6',
      'spec.serviceCIDR FieldValueInvalid: Invalid value: "fd00::/112": the model flannel has no IPv6',
    ],
  },
  {
    name: 'keeps out of what Azure reserves, in models of Azure',
    kind: 'ClusterNetwork',
    metadata: { name: 'default' },
    spec: { model: 'kubenet', podCIDR: '172.16.0.0/12', serviceCIDR: '10.0.0.0/16' },
    problems: [
      'spec.podCIDR FieldValueInvalid: Invalid value: "172.16.0.0/12": must not overlap 172.30.0.0/16, which Azure reserves',
    ],
  },
  {
    name: 'may have any range in other models',
    kind: 'ClusterNetwork',
    metadata: { name: 'default' },
    spec: { model: 'calico', podCIDR: '172.30.0.0/16', serviceCIDR: '10.0.0.0/16' },
    problems: [],
  },
  {
    name: 'its ranges are CIDRs',
    kind: 'ClusterNetwork',
    metadata: { name: 'default' },
    spec: { podCIDR: '10.244.0.0', maxPodsPerNode: 0, nodePortAddresses: ['192.0.2.0/24', 'all'] },
    problems: [
      'spec.podCIDR FieldValueInvalid: Invalid value: "10.244.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
      'spec.nodePortAddresses[1] FieldValueInvalid: Invalid value: "all": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
      'spec.maxPodsPerNode FieldValueInvalid: Invalid value: 0: must be between 1 and 65534, inclusive',
    ],
  },
  {
    name: 'it may have a range of each family, and a range that is not said follows the other',
    kind: 'ClusterNetwork',
    metadata: { name: 'default' },
    spec: { podCIDR: 'fd00:10:244::/56, 10.244.0.0/16' },
    problems: [],
  },
  {
    name: 'its families are the same for pods and Services, in the same order',
    kind: 'ClusterNetwork',
    metadata: { name: 'default' },
    spec: { podCIDR: '10.244.0.0/16,fd00:10:244::/56', serviceCIDR: 'fd00:10:96::/112,10.96.0.0/12' },
    problems: [
      'spec.serviceCIDR FieldValueInvalid: Invalid value: "fd00:10:96::/112,10.96.0.0/12": must be of the same families, in the same order, as podCIDR (10.244.0.0/16,fd00:10:244::/56)',
    ],
  },
  {
    name: 'its ranges are of different families, two at most',
    kind: 'ClusterNetwork',
    metadata: { name: 'default' },
    spec: { podCIDR: '10.244.0.0/16,10.245.0.0/16', serviceCIDR: '10.96.0.0/12,fd00::/112,fd01::/112' },
    problems: [
      'spec.podCIDR FieldValueInvalid: Invalid value: "10.244.0.0/16,10.245.0.0/16": two ranges must be of different families',
      'spec.serviceCIDR FieldValueTooMany: Too many: 3: must have at most 2 items',
    ],
  },
]);
