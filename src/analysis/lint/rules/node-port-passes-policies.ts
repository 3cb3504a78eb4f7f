import { dbFromWeb, service } from '../examples.ts';
import { parseAddress } from '../../../lib/address.ts';
import { labAddressesOf } from '../../../model/network/lab-addresses.ts';
import { predict } from '../../predict/predict.ts';
import { namesOfPods, type LintFacts } from '../facts.ts';
import { doorsTo, type Door } from '../outside-doors.ts';
import type { LintRule } from '../rule.ts';

export const nodePortPassesPolicies: LintRule = {
  id: 'WL025',
  name: 'node-port-passes-policies',
  severity: 'warning',
  title: 'Through a node port, the outside passes policies that deny it',
  why: "The pods are isolated, and no rule lets addresses outside the cluster in. But who comes to the Service's node port on the pod's own node is seen as that node, which every policy lets through: the outside reaches the pod all the same.",
  fix: 'Make the Service a ClusterIP if the outside is not to use it. Set externalTrafficPolicy: Local, which keeps the source address, and let the clients in by an ipBlock.',
  example: {
    wrong: nodePort(''),
    right: nodePort('externalTrafficPolicy: Local, '),
  },
  *check(facts) {
    for (const { key } of facts.services) {
      const pods = doorsTo(facts, facts.cluster.pods.keys())
        .filter((door) => door.port.service === key && isPassed(facts, door))
        .map(({ pod }) => pod);
      if (pods.length === 0) continue;
      yield {
        object: { kind: 'Service', key },
        path: 'spec.type',
        message: `the outside reaches ${namesOfPods(facts, pods)} as the node it comes to, whatever the policies say`,
      };
    }
  },
};

/** Whether a host outside gets to the pod by its node's port, though its policies deny that host. */
function isPassed({ cluster, index }: LintFacts, { port, pod, podPort }: Door): boolean {
  const { family, protocol, nodePort } = port;
  const node = cluster.pods.get(pod)?.spec.nodeName;
  if (nodePort === undefined || node === undefined || !index.places.has(node)) return false;
  const { internet } = labAddressesOf[family];
  const peer = { address: parseAddress(internet) };
  const { verdict } = index.policies.decide({ direction: 'ingress', pod, peer, protocol, port: podPort });
  if (verdict === 'allowed') return false;
  const { outcomes } = predict(cluster, {
    source: { kind: 'address', address: internet },
    destination: { kind: 'node', name: node },
    protocol,
    port: nodePort,
    family,
  });
  return outcomes.some((outcome) => outcome.backend === pod && outcome.verdict === 'allowed');
}

function nodePort(policy: string): string {
  return `${service('db')}spec: { type: NodePort, ${policy}selector: { app: db }, ports: [{ port: 5432, nodePort: 30432 }] }
---
${dbFromWeb}`;
}
