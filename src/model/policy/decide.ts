import type { Protocol } from '../../api/types/meta.ts';
import type { Address } from '../../lib/address.ts';
import { isolating, numberedPorts } from './allowances.ts';
import type { Direction } from './compile.ts';
import type { PolicyDecision } from './port.ts';
import { hasPort } from './port-set.ts';
import { inRange } from './ranges.ts';
import type { Identity, LinkedRule } from './state.ts';

/** A packet at a pod, as its policies see it. */
export interface DecisionInput {
  readonly direction: Direction;
  /** Undefined for a pod that is not known: nothing isolates it. */
  readonly subject: Identity | undefined;
  /** Undefined for a peer that is no pod. */
  readonly peer: Identity | undefined;
  readonly address: Address | undefined;
  readonly protocol: Protocol;
  readonly port: number;
}

/** Asks every rule of every policy that isolates the subject: the same rules that the allowances unite. */
export function decideBy(input: DecisionInput): PolicyDecision {
  const policies = input.subject === undefined ? [] : isolating(input.subject, input.direction);
  const allowedBy = policies.flatMap((policy) =>
    (policy[input.direction] ?? [])
      .filter((rule) => allows(rule, input))
      .map((rule) => ({ policy: policy.compiled.key, rule: rule.path })),
  );
  return {
    verdict: policies.length === 0 || allowedBy.length > 0 ? 'allowed' : 'denied',
    isolatedBy: policies.map(({ compiled }) => compiled.key),
    allowedBy,
  };
}

function allows(rule: LinkedRule, input: DecisionInput): boolean {
  const isPeer =
    rule.anywhere ||
    rule.peers.some((trait) => input.peer?.marks.has(trait) === true) ||
    isInRanges(rule, input);
  return isPeer && (isNumberedPort(rule, input) || isNamedPort(rule, input));
}

function isInRanges({ ranges }: LinkedRule, { address }: DecisionInput): boolean {
  return address !== undefined && ranges.some((range) => inRange(range, address));
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
