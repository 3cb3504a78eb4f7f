import type { CompiledPolicy, Direction, Tier } from './compile.ts';
import type { Identity, LinkedPolicy } from './state.ts';

/** The policies that have a say about an identity in one direction, tier by tier. */
export interface Tiers {
  /** In the order in which they are asked. */
  readonly admin: readonly LinkedPolicy[];
  /** NetworkPolicies, by key: they have no order. */
  readonly isolating: readonly LinkedPolicy[];
  readonly baseline: readonly LinkedPolicy[];
}

/** What the policies say that are enforced. */
export function enforcedTiers(identity: Identity, direction: Direction): Tiers {
  return tiersOf(identity, direction, ({ compiled }) => compiled.mode === 'enforce');
}

/** What all would say if those in audit mode were enforced too; undefined when none of them is in audit mode. */
export function auditedTiers(identity: Identity, direction: Direction): Tiers | undefined {
  const isAudited = [...identity.policies].some(
    (policy) => policy.compiled.mode === 'audit' && policy[direction] !== undefined,
  );
  return isAudited ? tiersOf(identity, direction, () => true) : undefined;
}

/** Whether the order of policies can matter: NetworkPolicies alone just add up. */
export function hasOrder({ admin, baseline }: Tiers): boolean {
  return admin.length > 0 || baseline.length > 0;
}

function tiersOf(identity: Identity, direction: Direction, counts: (policy: LinkedPolicy) => boolean): Tiers {
  const policies = [...identity.policies].filter(
    (policy) => policy[direction] !== undefined && counts(policy),
  );
  const inTier = (tier: Tier): LinkedPolicy[] =>
    policies.filter(({ compiled }) => compiled.tier === tier).sort((a, b) => inOrder(a.compiled, b.compiled));
  return { admin: inTier('Admin'), isolating: inTier('NetworkPolicy'), baseline: inTier('Baseline') };
}

/**
 * Policies of one tier in the order in which they are asked. Upstream leaves the order of equal priorities open;
 * here the name decides, and then the kind, so that every node and the analysis agree.
 */
export function inOrder(a: CompiledPolicy, b: CompiledPolicy): number {
  return a.priority - b.priority || compare(a.key, b.key) || compare(a.kind, b.kind);
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
