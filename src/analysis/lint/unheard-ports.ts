import type { Protocol } from '../../api/types/meta.ts';
import { endpointPortNumbers } from '../../model/workloads/endpoint.ts';
import { declaredPorts } from '../predict/listening.ts';
import type { LintFacts } from './facts.ts';
import type { RuleFacts } from './policy-facts.ts';
import { destinationPods } from './rule-meaning.ts';

/** A single port that a policy opens and that none of the pods it is about declares. */
interface UnheardPort {
  readonly policy: string;
  /** `spec.ingress[0].ports[1]` */
  readonly path: string;
  readonly protocol: Protocol;
  readonly port: number;
  /** The pods that it is about; at least one declares ports. */
  readonly pods: readonly string[];
}

/** Pods that declare no port at all say nothing about where they listen; rules without peers are about anybody. */
export function* unheardPorts(facts: LintFacts): Generator<UnheardPort> {
  for (const policy of facts.policies) {
    for (const rule of policy.rules) {
      const isAboutAnybody =
        rule.direction === 'egress' && rule.peers.every(({ selected }) => selected === undefined);
      const pods = isAboutAnybody ? [] : destinationPods(facts, policy, rule);
      const declared = pods.map((key) => portsOf(facts, key));
      if (declared.length === 0 || declared.some(({ size }) => size === 0)) continue;
      for (const single of singlePorts(rule)) {
        const text = `${single.protocol} ${single.port}`;
        if (!declared.some((ports) => ports.has(text))) yield { policy: policy.key, ...single, pods };
      }
    }
  }
}

function singlePorts({ ports }: RuleFacts): Pick<UnheardPort, 'path' | 'protocol' | 'port'>[] {
  return ports.flatMap(({ port, endPort = port, protocol = 'TCP', path }) =>
    typeof port === 'number' && endPort === port ? [{ path, protocol, port }] : [],
  );
}

function portsOf({ cluster }: LintFacts, key: string): Set<string> {
  const pod = cluster.pods.get(key);
  const ports = pod === undefined ? [] : declaredPorts(pod);
  return new Set(ports.map(({ protocol, port }) => `${protocol} ${port}`));
}

/** The Service that has such a port in front of one of the pods, and the pod's port that it leads to. */
export function servicePortBehind(
  { cluster, services }: LintFacts,
  { protocol, port, pods }: UnheardPort,
): { readonly service: string; readonly targetPort: number } | undefined {
  const asked = new Set(pods);
  for (const { key, service, pods: selected = [] } of services) {
    const index = (service.spec.ports ?? []).findIndex(
      (one) => one.port === port && (one.protocol ?? 'TCP') === protocol,
    );
    const pod = index < 0 ? undefined : cluster.pods.get(selected.find((one) => asked.has(one)) ?? '');
    const targetPort = pod === undefined ? undefined : endpointPortNumbers(service, pod)[index];
    if (targetPort !== undefined && targetPort !== port) return { service: key, targetPort };
  }
  return undefined;
}
