import { parseAddress } from '../../lib/address.ts';
import { openPorts } from '../../model/policy/open-ports.ts';
import {
  formatPorts,
  intersectPorts,
  noPorts,
  unionPorts,
  type PortSet,
} from '../../model/policy/port-set.ts';
import type { LintFacts } from './facts.ts';
import type { PolicyFacts, RuleFacts } from './policy-facts.ts';
import { peerPods, portsAt } from './rule-meaning.ts';

/** What the other end says to a rule whose peers are pods. */
type OtherEnd =
  /** Some connection comes about, or the rule is about nobody, or about others than pods. */
  | { readonly kind: 'agreed' }
  /** Everybody that the rule names lets nothing of it through: `pods`. */
  | { readonly kind: 'denied'; readonly pods: readonly string[] }
  /** The same, and some of them do let something else through. */
  | {
      readonly kind: 'other-ports';
      readonly pods: readonly string[];
      readonly ports: string;
      readonly otherPorts: string;
    };

/** Whether a rule that names pods is of any use: asks the policies of every pod that it names. */
export function otherEndOf(facts: LintFacts, policy: PolicyFacts, rule: RuleFacts): OtherEnd {
  const isAboutPods = rule.compiled.peers !== 'anywhere' && rule.peers.every(({ selected }) => selected);
  const peers = isAboutPods ? peerPods(facts, rule) : [];
  let [mine, others]: [PortSet, PortSet] = [noPorts, noPorts];
  const asked = new Set<string>();
  for (const subject of policy.subjects) {
    for (const peer of peers) {
      if (peer === subject) continue;
      const ports = portsAt(rule, facts.cluster.pods.get(rule.direction === 'ingress' ? subject : peer));
      const open = openAtOtherEnd(facts, rule, { subject, peer });
      if (hasPorts(intersectPorts(ports, open))) return { kind: 'agreed' };
      if (!hasPorts(ports)) continue;
      asked.add(peer);
      mine = unionPorts(mine, ports);
      others = unionPorts(others, open);
    }
  }
  if (asked.size === 0) return { kind: 'agreed' };
  const pods = [...asked];
  if (!hasPorts(others)) return { kind: 'denied', pods };
  return {
    kind: 'other-ports',
    pods,
    ports: formatPorts(mine).join(', '),
    otherPorts: formatPorts(others).join(', '),
  };
}

const hasPorts = (ports: PortSet): boolean => ports === 'all' || ports.length > 0;

/** What the peer's own policies open to the subject. */
function openAtOtherEnd(
  { cluster, index: { policies } }: LintFacts,
  { direction }: RuleFacts,
  { subject, peer }: { readonly subject: string; readonly peer: string },
): PortSet {
  const policy = policies.policyOf(peer)[direction === 'ingress' ? 'egress' : 'ingress'];
  const address = parseAddress(cluster.pods.get(subject)?.status?.podIP ?? '');
  // Before it has an address it is in no range.
  const known = address ?? { family: 'IPv4' as const, value: 0n };
  return openPorts(policy, { peerClass: policies.classOf(subject), address: known });
}
