import { networkPolicy, service } from '../examples.ts';
import { formatAddress, parseAddress } from '../../../lib/address.ts';
import { contains, formatRange, type AddressRange } from '../../../lib/prefix.ts';
import { familyPlaces } from '../../../model/network/topology.ts';
import { inRange } from '../../../model/policy/ranges.ts';
import { sourceSeen } from '../../../model/network/source.ts';
import { endAt } from '../../predict/ends.ts';
import type { LintFacts } from '../facts.ts';
import { doorsTo, type Door } from '../outside-doors.ts';
import type { LintRule } from '../rule.ts';

export const blockHiddenByMasquerade: LintRule = {
  id: 'WL015',
  name: 'block-hidden-by-masquerade',
  severity: 'error',
  title: 'An ingress rule allows addresses that its pods never see',
  why: "Clients outside the cluster come through a Service of type NodePort or LoadBalancer, or an external address. Unless its externalTrafficPolicy is Local, the node that they come to puts its own address into their packets, and the policy of the pod sees that: a rule that allows the clients' addresses matches nothing.",
  fix: 'Set externalTrafficPolicy: Local on the Service, which keeps the source address; or guard the Service with loadBalancerSourceRanges.',
  example: {
    wrong: `${service('web')}spec: { type: NodePort, selector: { app: web }, ports: [{ port: 80, targetPort: 8080, nodePort: 30080 }] }
---
${networkPolicy('web')}  podSelector: { matchLabels: { app: web } }
  ingress:
    - from:
        - ipBlock: { cidr: 198.51.100.0/24 }
      ports: [{ port: 8080 }]
`,
    right: `${service('web')}spec:
  type: NodePort
  externalTrafficPolicy: Local
  selector: { app: web }
  ports: [{ port: 80, targetPort: 8080, nodePort: 30080 }]
---
${networkPolicy('web')}  podSelector: { matchLabels: { app: web } }
  ingress:
    - from:
        - ipBlock: { cidr: 198.51.100.0/24 }
      ports: [{ port: 8080 }]
`,
  },
  *check(facts) {
    for (const { key, subjects, rules } of facts.policies) {
      const blocks = rules
        .filter(({ direction }) => direction === 'ingress')
        .flatMap(({ peers }) => peers)
        .filter(({ ranges }) => ranges.length > 0);
      const doors = blocks.length === 0 ? [] : doorsTo(facts, subjects);
      for (const { path, ranges } of blocks) {
        const hidden = ranges.every((range) => isOutside(facts, range))
          ? doors.filter((door) => door.port.family === ranges[0]?.first.family)
          : [];
        const [door] = hidden;
        const [range] = ranges;
        if (door === undefined || range === undefined) continue;
        if (!hidden.every((one) => isHidden(facts, one, range))) continue;
        yield {
          object: { kind: 'NetworkPolicy', key },
          path: `${path}.ipBlock`,
          message: `clients of ${formatRange(range)} come by Service ${door.port.service} and are seen as the node that they come to`,
        };
      }
    }
  },
};

/** Whether it holds no address of a node or of a pod, which are seen as they are. */
function isOutside({ index }: LintFacts, range: AddressRange): boolean {
  const isInCluster = index.podRanges.some(
    (pods) => contains(pods, range.first) || contains(pods, range.last) || inRange(range, pods.network),
  );
  const nodes = [...index.places.values()].flatMap(familyPlaces);
  const isOfNode = nodes.some(({ address }) => {
    const own = parseAddress(address);
    return own !== undefined && inRange(range, own);
  });
  return !isInCluster && !isOfNode;
}

/** Whether the pod behind the door sees another source than a client of the range has, whatever node it comes to. */
function isHidden({ index }: LintFacts, { port, address }: Door, range: AddressRange): boolean {
  const client = formatAddress(range.first);
  const destination = endAt(index, address).place;
  if (destination === undefined) return false;
  return [...index.places.keys()].every((node) => {
    const seen = sourceSeen(index.sources, {
      source: { kind: 'external', address: client },
      destination,
      service: { kind: 'node-port', node, keepsSource: port.externalPolicy === 'Local' },
    });
    return seen !== client;
  });
}
