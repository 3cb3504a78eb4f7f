import type { TierStep } from '../../model/policy/port.ts';

const said = { Accept: 'allowed', Deny: 'denied', Pass: 'pass' } as const;

/**
 * What the tiers said, in order: `[Admin] pass (ns-policy) -> [NetworkPolicy] denied (demo/deny-all)`. Where none of them
 * decided, the default of Kubernetes did.
 */
export function tierLine(steps: readonly TierStep[]): string {
  const words = steps.map(({ tier, action, rules }) => {
    const policies = [...new Set(rules.map(({ policy }) => policy))];
    return `[${tier}] ${said[action]} (${policies.join(', ')})`;
  });
  const isOpen = steps.at(-1)?.action === 'Pass';
  return [...words, ...(isOpen ? ['[default] allowed'] : [])].join(' -> ');
}
