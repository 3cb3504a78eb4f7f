import { networkPolicy } from './examples.ts';
import { parseAddress } from '../../lib/address.ts';
import type { PolicyDecision } from '../../model/policy/port.ts';
import { clusterDnsService } from '../cluster-dns.ts';
import { namesOfPods, type LintFacts } from './facts.ts';
import { isClosed } from './rule-meaning.ts';
import type { Mistake } from './rule.ts';

/** Over which protocols the policies of a pod let it ask the cluster DNS. */
interface DnsWays {
  readonly udp: boolean;
  readonly tcp: boolean;
}

/**
 * What is wrong with the ways of isolated pods to the cluster DNS: one mistake per policy, the first that isolates the
 * pods. Pods that may reach nobody are left out, for they were not meant to ask, and so are clusters without this DNS.
 */
export function* dnsMistakes(
  facts: LintFacts,
  wrongIn: (ways: DnsWays) => string | undefined,
): Generator<Mistake> {
  const { cluster, index } = facts;
  if (!cluster.services.has(clusterDnsService)) return;
  const found = new Map<string, { readonly wrong: string; readonly pods: string[] }>();
  for (const pod of cluster.pods.keys()) {
    const { egress } = index.policies.policyOf(pod);
    const [policy] = egress.isolatedBy;
    if (policy === undefined || isClosed(egress)) continue;
    const wrong = wrongIn({ udp: isLetOut(facts, pod, 'UDP'), tcp: isLetOut(facts, pod, 'TCP') });
    if (wrong === undefined) continue;
    const key = `${policy} ${wrong}`;
    const known = found.get(key) ?? { wrong, pods: [] };
    found.set(key, known);
    known.pods.push(pod);
  }
  for (const [key, { wrong, pods }] of found) {
    yield {
      object: { kind: 'NetworkPolicy', key: key.slice(0, key.indexOf(' ')) },
      path: 'spec.egress',
      message: `${namesOfPods(facts, pods)} ${wrong}`,
    };
  }
}

/** Whether the pod's NetworkPolicies let it out to one that answers; what other tiers deny is not their mistake. */
function isLetOut(facts: LintFacts, pod: string, protocol: 'UDP' | 'TCP'): boolean {
  const decisions = decisionsOfDns(facts, pod, protocol);
  return (
    decisions.length === 0 ||
    decisions.some(({ verdict, steps }) => verdict === 'allowed' || steps.at(-1)?.tier !== 'NetworkPolicy')
  );
}

/** What the policies of a pod say of its asking the cluster DNS, once for each server; none in clusters without it. */
export function decisionsOfDns(
  { index }: LintFacts,
  pod: string,
  protocol: 'UDP' | 'TCP' = 'UDP',
): PolicyDecision[] {
  return index.services
    .portsOf(clusterDnsService)
    .filter((port) => port.port === dnsPort && port.protocol === protocol)
    .flatMap(({ endpoints }) => endpoints)
    .map(({ pod: peer, address, port }) =>
      index.policies.decide({
        direction: 'egress',
        pod,
        peer: { pod: peer, address: parseAddress(address) },
        protocol,
        port,
      }),
    );
}

const dnsPort = 53;

/** A policy that lets web out to db, and what else `rules` say. */
export function exampleOfDns(rules: string): string {
  return `${networkPolicy('web')}  podSelector: { matchLabels: { app: web } }
  policyTypes: [Egress]
  egress:
    - to:
        - podSelector: { matchLabels: { app: db } }
      ports: [{ port: 5432 }]
${rules}`;
}
