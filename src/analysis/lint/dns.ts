import { networkPolicy } from './examples.ts';
import { clusterDnsService } from '../cluster-dns.ts';
import { predict } from '../predict/predict.ts';
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

/** Whether the pod's NetworkPolicies let one of the answers come about; what stops it elsewhere is not theirs. */
function isLetOut({ cluster }: LintFacts, pod: string, protocol: 'UDP' | 'TCP'): boolean {
  const destination = { kind: 'service', key: clusterDnsService } as const;
  const { outcomes } = predict(cluster, {
    source: { kind: 'pod', key: pod },
    destination,
    protocol,
    port: 53,
  });
  return !outcomes.every(({ reasons }) =>
    reasons.some(
      ({ stage, verdict, object }) =>
        stage === 'egress' && verdict === 'denied' && object.startsWith('NetworkPolicy '),
    ),
  );
}

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
