import type { Address } from '../../lib/address.ts';
import type { Direction } from './compile.ts';
import type { PolicyDecision, PolicyRule, TierStep } from './port.ts';
import { hasPort, type PortProtocol } from './port-set.ts';
import { holdsAddress, namesDomain, numberedPorts } from './rule-peers.ts';
import type { Identity, LinkedPolicy, LinkedRule } from './state.ts';
import { auditedTiers, enforcedTiers, type Tiers } from './tiers.ts';

/** A packet at a pod, as its policies see it. */
export interface DecisionInput {
  readonly direction: Direction;
  /** Undefined for a pod that is not known: nothing isolates it. */
  readonly subject: Identity | undefined;
  /** Undefined for a peer that is no pod. */
  readonly peer: Identity | undefined;
  readonly address: Address | undefined;
  /** See `PolicyQuestion`. */
  readonly domains?: readonly string[] | 'any' | undefined;
  readonly protocol: PortProtocol;
  readonly port: number;
}

/** Asks the rules of every policy that selects the subject: the same rules that the allowances are made of. */
export function decideBy(input: DecisionInput): PolicyDecision {
  const { subject, direction } = input;
  if (subject === undefined) return { verdict: 'allowed', isolatedBy: [], allowedBy: [], steps: [] };
  const tiers = enforcedTiers(subject, direction);
  const steps = stepsThrough(tiers, input);
  const verdict = isDenied(steps) ? 'denied' : 'allowed';
  const audit = verdict === 'allowed' ? auditSteps(input) : undefined;
  return {
    verdict,
    isolatedBy: tiers.isolating.map(({ compiled }) => compiled.key),
    allowedBy: matching(tiers.isolating, input).map(({ policy, rule }) => ({ policy, rule })),
    steps,
    ...(audit !== undefined && { audit }),
  };
}

/** What would deny the packet if policies in audit mode were enforced. */
function auditSteps(input: DecisionInput): readonly TierStep[] | undefined {
  const audited = input.subject && auditedTiers(input.subject, input.direction);
  const steps = audited === undefined ? [] : stepsThrough(audited, input);
  return isDenied(steps) ? steps : undefined;
}

const isDenied = (steps: readonly TierStep[]): boolean => steps.at(-1)?.action === 'Deny';

/** What each tier says, until one decides. */
function stepsThrough({ admin, isolating, baseline }: Tiers, input: DecisionInput): TierStep[] {
  const first = firstMatch('Admin', admin, input);
  if (first !== undefined && first.action !== 'Pass') return [first];
  const before = first === undefined ? [] : [first];
  if (isolating.length > 0) return [...before, isolation(isolating, input)];
  const last = firstMatch('Baseline', baseline, input);
  return last === undefined ? before : [...before, last];
}

function firstMatch(
  tier: 'Admin' | 'Baseline',
  policies: readonly LinkedPolicy[],
  input: DecisionInput,
): TierStep | undefined {
  for (const { compiled, [input.direction]: rules = [] } of policies) {
    const rule = rules.find((one) => matches(one, input));
    if (rule === undefined) continue;
    const { kind, key } = compiled;
    return { tier, action: rule.action, rules: [{ kind, policy: key, rule: rule.path }] };
  }
  return undefined;
}

function isolation(policies: readonly LinkedPolicy[], input: DecisionInput): TierStep {
  const allowing = matching(policies, input);
  if (allowing.length > 0) return { tier: 'NetworkPolicy', action: 'Accept', rules: allowing };
  const rules = policies.map(({ compiled }) => ({
    kind: compiled.kind,
    policy: compiled.key,
    rule: 'spec.podSelector',
  }));
  return { tier: 'NetworkPolicy', action: 'Deny', rules };
}

function matching(policies: readonly LinkedPolicy[], input: DecisionInput): PolicyRule[] {
  return policies.flatMap(({ compiled, [input.direction]: rules = [] }) =>
    rules
      .filter((rule) => matches(rule, input))
      .map(({ path }) => ({ kind: compiled.kind, policy: compiled.key, rule: path })),
  );
}

function matches(rule: LinkedRule, input: DecisionInput): boolean {
  const isPeer =
    rule.anywhere ||
    rule.peers.some((trait) => input.peer?.marks.has(trait) === true) ||
    (input.address !== undefined && holdsAddress(rule, input.address)) ||
    (input.domains !== undefined && namesDomain(rule, input.domains));
  return isPeer && (isNumberedPort(rule, input) || isNamedPort(rule, input));
}

function isNumberedPort(rule: LinkedRule, { subject, direction, protocol, port }: DecisionInput): boolean {
  return subject !== undefined && hasPort(numberedPorts(rule, subject, direction), protocol, port);
}

/** Whether the port is one that the rule names and the peer has; only pods have names for ports. */
function isNamedPort({ named }: LinkedRule, { peer, protocol, port }: DecisionInput): boolean {
  return named.some(({ port: { protocol: named }, trait }) => {
    return trait !== undefined && named === protocol && peer?.marks.get(trait) === port;
  });
}
