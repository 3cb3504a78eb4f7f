import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { ClusterNetworkPolicyIngressRule } from '../../api/types/policy.ts';
import type { Family } from '../../lib/address.ts';
import { createPolicyModel } from '../../model/policy/policy-model.ts';
import { changes } from '../../model/policy/testing/arbitraries.ts';
import { applyToModel } from '../../model/policy/testing/apply-to-model.ts';
import { isAllowedNaively } from '../../model/policy/testing/naive.ts';
import { applyChange, emptyWorld, type Packet } from '../../model/policy/testing/naive-world.ts';
import type { PlannedElement } from '../elements/planned-elements.ts';
import {
  namedElements,
  peerElements,
  podElements,
  podRows,
  stemElements,
  type LocalPod,
} from './elements.ts';
import { createPolicyNumbers, type PolicyNumbers } from './numbers.ts';
import type { PodPolicy } from '../../model/policy/port.ts';
import { familyOf } from '../../lib/address.ts';
import { auditLog, denialLog, policySkeleton } from './skeleton.ts';
import { createTracer } from './testing/trace.ts';

const podKeys = ['a', 'b', 'c'].flatMap((namespace) =>
  ['1', '2', '3', '4'].map((name) => `${namespace}/${name}`),
);
/** Of each family a pod's address: the ranges of the arbitrary policies hold some of the first. */
const addressOf = {
  IPv4: (podKey: string) => `10.244.0.${podKeys.indexOf(podKey) + 1}`,
  IPv6: (podKey: string) => `fd00:10:244::${podKeys.indexOf(podKey) + 1}`,
};
const outsiders = { IPv4: ['192.0.2.7', '198.51.100.1', '10.9.9.9'], IPv6: ['2001:db8::1', 'fd00::9'] };
const ipProtocols = { TCP: 6, UDP: 17, SCTP: 132 } as const;

/** With the rows that the pod has. */
function allElements(pod: LocalPod, policy: PodPolicy, numbers: PolicyNumbers): PlannedElement[] {
  const family = familyOf(pod.address);
  const rows = [...podRows(policy)].flatMap((row) => [
    ...stemElements(row.stem, family, numbers),
    ...namedElements(row, family, numbers),
  ]);
  return [...podElements(pod, policy, numbers), ...rows];
}

function* packetsOf(family: Family): Generator<Packet> {
  const peers = [
    ...podKeys.map((peer) => ({ peer, address: addressOf[family](peer) })),
    ...outsiders[family].map((address) => ({ peer: undefined, address })),
  ];
  for (const direction of ['ingress', 'egress'] as const) {
    for (const subject of podKeys) {
      for (const { peer, address } of peers.filter((one) => one.peer !== subject)) {
        for (const port of [80, 90]) {
          for (const protocol of ['TCP', 'UDP', 'SCTP'] as const)
            yield { direction, subject, peer, address, protocol, port };
        }
      }
    }
  }
}

for (const family of ['IPv4', 'IPv6'] as const) {
  test(`the table's text and elements, traced, let pass what the documentation lets pass: ${family}`, () => {
    const skeleton = policySkeleton({ podLinks: 'weft*', family, tunnels: [] });
    fc.assert(
      fc.property(changes, (history) => {
        const world = emptyWorld();
        const model = createPolicyModel();
        const numbers = createPolicyNumbers();
        for (const change of history) {
          applyChange(world, change);
          applyToModel(model, change);
        }
        const elements: PlannedElement[] = podKeys.flatMap((key) => {
          const address = addressOf[family](key);
          const pod = { link: `weft${key}`, address };
          return [
            ...allElements(pod, model.policyOf(key), numbers),
            ...peerElements(address, model.classOf(key)),
          ];
        });
        const trace = createTracer(skeleton, elements);
        for (const packet of packetsOf(family)) {
          const { direction, protocol, port } = packet;
          const own = addressOf[family](packet.subject);
          const [source, destination] =
            direction === 'egress' ? [own, packet.address] : [packet.address, own];
          const { verdict, logged } = trace(`${direction}-of-pod`, {
            source,
            destination,
            protocol: ipProtocols[protocol],
            destinationPort: port,
          });
          const isAllowed = isAllowedNaively(world, packet);
          const isAudited = isAllowed && !isAllowedNaively(world, packet, { withAudit: true });
          const message = JSON.stringify(packet);
          if ((verdict === 'pass') !== isAllowed) assert.fail(message);
          if (logged.includes(denialLog[direction]) !== !isAllowed) assert.fail(`denial of ${message}`);
          if (isAllowed && logged.includes(auditLog[direction]) !== isAudited)
            assert.fail(`audit of ${message}`);
        }
      }),
      { numRuns: 20 },
    );
  });
}

test('what has no ports is judged as that: all but one port lets it pass, and one port does not', () => {
  const model = createPolicyModel();
  model.setPod('a/1', { namespace: 'a', labels: {}, namedPorts: [] });
  const tcp80 = { tcp: { destinationPort: { number: 80 } } };
  const from = [{ namespaces: {} }];
  const traceOf = (ingress: ClusterNetworkPolicyIngressRule[]): string => {
    model.setClusterPolicy('ClusterNetworkPolicy', 'p', {
      apiVersion: 'policy.networking.k8s.io/v1alpha2',
      kind: 'ClusterNetworkPolicy',
      metadata: { name: 'p' },
      spec: { tier: 'Admin', priority: 0, subject: { namespaces: {} }, ingress },
    });
    const elements = allElements(
      { link: 'wefta', address: '10.244.0.1' },
      model.policyOf('a/1'),
      createPolicyNumbers(),
    );
    const trace = createTracer(policySkeleton({ podLinks: 'weft*', family: 'IPv4', tunnels: [] }), [
      ...elements,
      ...peerElements('10.244.0.2', model.classOf('a/1')),
    ]);
    // An echo request: whatever stands where others have their port.
    const packet = { source: '10.244.0.2', destination: '10.244.0.1', protocol: 1, destinationPort: 80 };
    return trace('ingress-of-pod', packet).verdict;
  };
  assert.equal(traceOf([{ action: 'Deny', from, protocols: [tcp80] }]), 'pass');
  assert.equal(
    traceOf([
      { action: 'Accept', from, protocols: [tcp80] },
      { action: 'Deny', from },
    ]),
    'drop',
  );
});
