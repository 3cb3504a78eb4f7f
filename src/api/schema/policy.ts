/** Schemas of the kinds of policy.networking.k8s.io that Weft understands, in the notation of schema.ts. */
export const policyKinds = {
  'policy.networking.k8s.io/v1alpha2 ClusterNetworkPolicy': 'ClusterNetworkPolicy',
  'policy.networking.k8s.io/v1beta1 ClusterNetworkPolicy': 'ClusterNetworkPolicy',
  'policy.networking.k8s.io/v1alpha1 AdminNetworkPolicy': 'AdminNetworkPolicy',
  'policy.networking.k8s.io/v1alpha1 BaselineAdminNetworkPolicy': 'BaselineAdminNetworkPolicy',
} as const;

const object = (spec: string) =>
  ({
    'apiVersion!': 'string',
    'kind!': 'string',
    'metadata!': '#ObjectMeta',
    'spec!': spec,
    status: 'any',
  }) as const;

const rule = { name: 'string', 'action!': 'Accept|Deny|Pass', protocols: '[]#PolicyProtocol' } as const;
const olderRule = { name: 'string', 'action!': 'Allow|Deny|Pass', ports: '[]#OlderPolicyPort' } as const;

export const policyTypes = {
  ClusterNetworkPolicy: object('#ClusterNetworkPolicySpec'),
  ClusterNetworkPolicySpec: {
    'tier!': 'Admin|Baseline',
    'priority!': 'integer',
    'subject!': '#PolicySubject',
    ingress: '[]#ClusterIngressRule',
    egress: '[]#ClusterEgressRule',
  },
  PolicySubject: { namespaces: '#LabelSelector', pods: '#PolicyPods' },
  PolicyPods: { namespaceSelector: '#LabelSelector', 'podSelector!': '#LabelSelector' },
  ClusterIngressRule: { ...rule, 'from!': '[]#PolicySubject' },
  ClusterEgressRule: { ...rule, 'to!': '[]#PolicyEgressPeer' },
  PolicyEgressPeer: {
    namespaces: '#LabelSelector',
    pods: '#PolicyPods',
    nodes: '#LabelSelector',
    networks: '[]string',
    domainNames: '[]string',
  },
  PolicyProtocol: {
    tcp: '#PolicyProtocolMatch',
    udp: '#PolicyProtocolMatch',
    sctp: '#PolicyProtocolMatch',
    destinationNamedPort: 'string',
  },
  PolicyProtocolMatch: { destinationPort: '#PolicyDestinationPort' },
  PolicyDestinationPort: { number: 'integer', range: '#PolicyPortRange' },
  PolicyPortRange: { 'start!': 'integer', 'end!': 'integer' },
  AdminNetworkPolicy: object('#AdminNetworkPolicySpec'),
  AdminNetworkPolicySpec: {
    'priority!': 'integer',
    'subject!': '#PolicySubject',
    ingress: '[]#OlderIngressRule',
    egress: '[]#OlderEgressRule',
  },
  BaselineAdminNetworkPolicy: object('#BaselineAdminNetworkPolicySpec'),
  BaselineAdminNetworkPolicySpec: {
    'subject!': '#PolicySubject',
    ingress: '[]#OlderIngressRule',
    egress: '[]#OlderEgressRule',
  },
  OlderIngressRule: { ...olderRule, 'from!': '[]#PolicySubject' },
  OlderEgressRule: { ...olderRule, 'to!': '[]#PolicyEgressPeer' },
  OlderPolicyPort: {
    portNumber: '#OlderPortNumber',
    portRange: '#OlderPortRange',
    namedPort: 'string',
  },
  OlderPortNumber: { protocol: 'string', 'port!': 'integer' },
  OlderPortRange: { protocol: 'string', 'start!': 'integer', 'end!': 'integer' },
} as const;
