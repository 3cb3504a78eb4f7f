import * as fc from 'fast-check';
import type { LabelSelector, LabelSelectorRequirement } from '../../../src/api/types/meta.ts';
import type {
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
} from '../../../src/api/types/network.ts';
import { labelFrom, labelsFrom, namespaceName } from './pods.ts';
import { ipBlocks, namespaceSelectors, podLabels, protocols, portNames, portNumbers } from './vocabulary.ts';

type Vocabulary = Readonly<Record<string, readonly string[]>>;

function requirementFrom(vocabulary: Vocabulary): fc.Arbitrary<LabelSelectorRequirement> {
  return fc.constantFrom(...Object.entries(vocabulary)).chain(([key, values]) =>
    fc.oneof(
      fc.record({
        key: fc.constant(key),
        operator: fc.constantFrom('In' as const, 'NotIn' as const),
        values: fc.uniqueArray(fc.constantFrom(...values), { minLength: 1 }),
      }),
      fc.record({
        key: fc.constant(key),
        operator: fc.constantFrom('Exists' as const, 'DoesNotExist' as const),
      }),
    ),
  );
}

/** Everything, one label, one expression, or all at once: mostly few conditions, for many select nobody. */
function selectorFrom(vocabulary: Vocabulary): fc.Arbitrary<LabelSelector> {
  const label = labelFrom(vocabulary).map((matchLabels) => ({ matchLabels }));
  const expression = requirementFrom(vocabulary).map((one) => ({ matchExpressions: [one] }));
  const several = fc.record(
    {
      matchLabels: labelsFrom(vocabulary),
      matchExpressions: fc.array(requirementFrom(vocabulary), { minLength: 1, maxLength: 2 }),
    },
    { requiredKeys: [] },
  );
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant({}) },
    { weight: 5, arbitrary: label },
    { weight: 3, arbitrary: expression },
    { weight: 1, arbitrary: several },
  );
}

export const podSelector = selectorFrom(podLabels);
export const namespaceSelector = selectorFrom(namespaceSelectors);

const ipBlock = fc
  .constantFrom(...ipBlocks)
  .chain(({ cidr, excepts }) =>
    fc.subarray([...excepts]).map((except) => (except.length === 0 ? { cidr } : { cidr, except })),
  );

const peer: fc.Arbitrary<NetworkPolicyPeer> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ podSelector }) },
  { weight: 2, arbitrary: fc.record({ namespaceSelector }) },
  { weight: 2, arbitrary: fc.record({ podSelector, namespaceSelector }) },
  { weight: 3, arbitrary: fc.record({ ipBlock }) },
);

const protocol = fc.constantFrom(...protocols);
const range = fc
  .tuple(fc.constantFrom(...portNumbers), fc.constantFrom(...portNumbers))
  .map(([a, b]) => ({ port: Math.min(a, b), endPort: Math.max(a, b) }));

const number = fc.record({ port: fc.constantFrom(...portNumbers), protocol }, { requiredKeys: ['port'] });
const name = fc.record({ port: fc.constantFrom(...portNames), protocol }, { requiredKeys: ['port'] });
const numbers = fc
  .tuple(range, fc.record({ protocol }, { requiredKeys: [] }))
  .map(([ends, rest]) => ({ ...ends, ...rest }));

const port: fc.Arbitrary<NetworkPolicyPort> = fc.oneof(
  { weight: 2, arbitrary: number },
  { weight: 4, arbitrary: name },
  { weight: 2, arbitrary: numbers },
  { weight: 1, arbitrary: fc.record({ protocol }) },
);

const peers = fc.array(peer, { maxLength: 3 });
const ports = fc.array(port, { maxLength: 2 });
/** Without any rule, with one that allows everything, with narrower ones. */
const ingress = fc.array(fc.record({ from: peers, ports }, { requiredKeys: [] }), { maxLength: 2 });
const egress = fc.array(fc.record({ to: peers, ports }, { requiredKeys: [] }), { maxLength: 2 });

const policySpec: fc.Arbitrary<NetworkPolicySpec> = fc.record(
  {
    podSelector,
    ingress,
    egress,
    policyTypes: fc.constantFrom<NonNullable<NetworkPolicySpec['policyTypes']>>(
      ['Ingress'],
      ['Egress'],
      ['Ingress', 'Egress'],
    ),
  },
  { requiredKeys: ['podSelector'] },
);

export const policySeed = fc.record({
  namespace: fc.nat(7),
  spec: policySpec,
  isAudit: fc.nat(15).map((draw) => draw === 15),
});
export type PolicySeed = typeof policySeed extends fc.Arbitrary<infer T> ? T : never;

export function policyOf(
  { namespace, spec, isAudit }: PolicySeed,
  { index, namespaces }: { index: number; namespaces: number },
): NetworkPolicy {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: {
      namespace: namespaceName(namespace % namespaces),
      name: `policy-${index}`,
      ...(isAudit && { annotations: { 'policy.weft.dev/mode': 'audit' } }),
    },
    spec,
  };
}
