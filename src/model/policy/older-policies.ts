import type {
  AdminNetworkPolicy,
  BaselineAdminNetworkPolicy,
  ClusterNetworkPolicy,
  ClusterNetworkPolicyProtocol,
  OlderPolicyPort,
  OlderPolicySpec,
} from '../../api/types/policy.ts';

/**
 * The kinds that ClusterNetworkPolicy replaced, as ClusterNetworkPolicies that mean the same: an
 * AdminNetworkPolicy is in tier Admin, the BaselineAdminNetworkPolicy in tier Baseline, and `Allow` was the word
 * for Accept. Rules keep their places, so that explanations name those of the object that was written.
 */
export function fromAdminPolicy({ metadata, spec }: AdminNetworkPolicy): ClusterNetworkPolicy {
  return { ...newer(spec, { tier: 'Admin', priority: spec.priority }), metadata };
}

/** As `fromAdminPolicy`. There is one such policy, so its priority says nothing. */
export function fromBaselinePolicy({ metadata, spec }: BaselineAdminNetworkPolicy): ClusterNetworkPolicy {
  return { ...newer(spec, { tier: 'Baseline', priority: 0 }), metadata };
}

function newer(
  { subject, ingress, egress }: OlderPolicySpec,
  place: Pick<ClusterNetworkPolicy['spec'], 'tier' | 'priority'>,
): Omit<ClusterNetworkPolicy, 'metadata'> {
  return {
    apiVersion: 'policy.networking.k8s.io/v1alpha2',
    kind: 'ClusterNetworkPolicy',
    spec: {
      ...place,
      subject,
      ...(ingress && {
        ingress: ingress.map(({ from, ...rule }) => ({ ...ruleOf(rule), from })),
      }),
      ...(egress && { egress: egress.map(({ to, ...rule }) => ({ ...ruleOf(rule), to })) }),
    },
  };
}

type NewerRule = Pick<
  NonNullable<ClusterNetworkPolicy['spec']['ingress']>[number],
  'name' | 'action' | 'protocols'
>;

function ruleOf({
  name,
  action,
  ports,
}: Omit<NonNullable<OlderPolicySpec['ingress']>[number], 'from'>): NewerRule {
  return {
    ...(name !== undefined && { name }),
    action: action === 'Allow' ? 'Accept' : action,
    ...(ports && { protocols: ports.map(protocolOf) }),
  };
}

function protocolOf({ portNumber, portRange, namedPort }: OlderPolicyPort): ClusterNetworkPolicyProtocol {
  if (portNumber !== undefined) {
    const { protocol = 'TCP', port } = portNumber;
    return { [fieldOf[protocol]]: { destinationPort: { number: port } } };
  }
  if (portRange !== undefined) {
    const { protocol = 'TCP', ...range } = portRange;
    return { [fieldOf[protocol]]: { destinationPort: { range } } };
  }
  return namedPort === undefined ? {} : { destinationNamedPort: namedPort };
}

const fieldOf = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' } as const;
