import { tierSays } from './cluster-policy.ts';
import { networkPoliciesAllow, type Judged } from './policy.ts';
import type { World } from './world.ts';

/**
 * Whether policies let a packet through. "Policy tiers are evaluated in the following order: Admin, NetworkPolicy,
 * Baseline"; what none of them decides is open.
 */
export function policiesAllow(world: World, judged: Judged): boolean {
  const admin = tierSays(world, 'Admin', judged);
  if (admin === 'Accept') return true;
  if (admin === 'Deny') return false;
  return networkPoliciesAllow(world, judged) ?? tierSays(world, 'Baseline', judged) !== 'Deny';
}
