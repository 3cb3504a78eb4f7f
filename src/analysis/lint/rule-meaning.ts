import type { Pod } from '../../api/types/core.ts';
import { podFacts } from '../../model/identity/pod-facts.ts';
import { portSetOf, resolvePort } from '../../model/policy/named-ports.ts';
import type { DirectionPolicy } from '../../model/policy/port.ts';
import { unionPorts, type PortSet } from '../../model/policy/port-set.ts';
import { rowsOf, type Row } from '../../model/policy/rows.ts';
import type { LintFacts } from './facts.ts';
import type { PolicyFacts, RuleFacts } from './policy-facts.ts';

/** Whether policies restrict a pod in a direction and nothing at all is open to it. */
export function isClosed(policy: DirectionPolicy): boolean {
  const { isolatedBy, anywhere, classes, ranges, rangesOfClasses, verdicts } = policy;
  if (verdicts !== undefined) return rowsOf(verdicts).every(isShut);
  const isEmpty = anywhere !== 'all' && anywhere.length === 0;
  return isolatedBy.length > 0 && isEmpty && classes.size + ranges.length + rangesOfClasses.size === 0;
}

/** Whether nothing is open, and nothing will be when a domain name has an address. */
const isShut = ({ stem }: Row): boolean => stem.ranges.length === 0 && stem.names === '';

/** The ports that a rule opens where they are asked for: at this pod. */
export function portsAt({ compiled }: RuleFacts, destination: Pod | undefined): PortSet {
  const { numbered, named } = compiled.ports;
  const facts = destination === undefined ? undefined : podFacts(destination);
  if (facts === undefined) return numbered;
  return named.reduce(
    (ports, name) => unionPorts(ports, portSetOf(name, resolvePort(facts, name))),
    numbered,
  );
}

/** Keys of the pods that a rule names as peers by selectors; of all pods where it names nobody. */
export function peerPods({ cluster }: LintFacts, { compiled, peers }: RuleFacts): readonly string[] {
  if (compiled.peers === 'anywhere') return [...cluster.pods.keys()];
  return [...new Set(peers.flatMap(({ selected }) => selected?.pods ?? []))];
}

/** Keys of the pods whose ports a rule speaks of: its subjects for ingress, its peers for egress. */
export function destinationPods(facts: LintFacts, policy: PolicyFacts, rule: RuleFacts): readonly string[] {
  return rule.direction === 'ingress' ? policy.subjects : peerPods(facts, rule);
}

/** Whether the rule lets anybody at all through to or from the pods that its policy selects. */
export function hasEffect(facts: LintFacts, policy: PolicyFacts, rule: RuleFacts): boolean {
  if (rule.peers.some(({ ranges }) => ranges.length > 0)) return opensPorts(rule, undefined);
  const isForSomebody = rule.compiled.peers === 'anywhere' || peerPods(facts, rule).length > 0;
  if (!isForSomebody) return false;
  if (opensPorts(rule, undefined)) return true;
  return destinationPods(facts, policy, rule).some((key) => opensPorts(rule, facts.cluster.pods.get(key)));
}

function opensPorts(rule: RuleFacts, destination: Pod | undefined): boolean {
  const ports = portsAt(rule, destination);
  return ports === 'all' || ports.length > 0;
}
