import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakePacketLog, type FakePacketLog } from '../../kernel/nft/fake-packet-log.ts';
import { createPolicyModel } from '../../model/policy/policy-model.ts';
import { denialLog } from '../../plan/policy/skeleton.ts';
import type { Denial } from '../../workload/port.ts';
import { createDenials, type Denials } from './denials.ts';

/** 10.244.0.1:0xc001 to 10.244.1.2:8080 over TCP. */
const packet = Buffer.from('45000034abcd4000400600000af400010af40102c0011f90', 'hex');
const [sender, receiver] = ['default/sender', 'default/receiver'];

function setUp(): {
  denials: Denials;
  packetLog: FakePacketLog;
  heard: Denial[];
  podAt: Map<string, string>;
} {
  const packetLog = createFakePacketLog();
  const policies = createPolicyModel();
  for (const key of [sender, receiver])
    policies.setPod(key, { namespace: 'default', labels: {}, namedPorts: [] });
  policies.setPolicy('default/in', {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'in', namespace: 'default' },
    spec: { podSelector: {}, policyTypes: ['Ingress'] },
  });
  policies.setPolicy('default/out', {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'out', namespace: 'default' },
    spec: { podSelector: {}, policyTypes: ['Egress'] },
  });
  const podAt = new Map([
    ['10.244.0.1', sender],
    ['10.244.1.2', receiver],
  ]);
  const denials = createDenials({ packetLog, policies, podAt });
  denials.watch('n1', 'node-n1');
  denials.watch('n2', 'node-n2');
  const heard: Denial[] = [];
  denials.subscribe((denial) => heard.push(denial));
  return { denials, packetLog, heard, podAt };
}

const logged = (prefix: string, namespace: string, payload: Uint8Array = packet) => ({
  namespace,
  prefix,
  mark: 0,
  payload,
});
const ends = {
  protocol: 'TCP',
  source: '10.244.0.1',
  sourcePort: 0xc001,
  destination: '10.244.1.2',
  destinationPort: 8080,
} as const;

test('a denial is told once, with its node, direction, pod and the policies that isolate it', () => {
  const { packetLog, heard } = setUp();
  packetLog.log(denialLog.group, logged(denialLog.egress, 'node-n1'));
  packetLog.log(denialLog.group, logged(denialLog.ingress, 'node-n2'));
  assert.deepEqual(heard, [
    { node: 'n1', direction: 'egress', pod: sender, policies: ['default/out'], ...ends },
    { node: 'n2', direction: 'ingress', pod: receiver, policies: ['default/in'], ...ends },
  ]);
});

test('what cannot be told from a packet is not told', () => {
  const { packetLog, heard, podAt } = setUp();
  packetLog.log(denialLog.group, logged(denialLog.egress, 'node-n1', packet.subarray(0, 19)));
  packetLog.log(denialLog.group, logged(denialLog.egress, 'node-n1', Buffer.alloc(0)));
  podAt.delete('10.244.0.1');
  packetLog.log(denialLog.group, logged(denialLog.egress, 'node-n1'));
  assert.deepEqual(heard, []);
});

test('a packet cut behind its addresses has no ports', () => {
  const { packetLog, heard } = setUp();
  packetLog.log(denialLog.group, logged(denialLog.ingress, 'node-n2', packet.subarray(0, 20)));
  assert.deepEqual([heard[0]?.sourcePort, heard[0]?.destinationPort], [0, 0]);
});

test('every subscriber hears it, until it goes', () => {
  const { denials, packetLog, heard } = setUp();
  const others: Denial[] = [];
  const end = denials.subscribe((denial) => others.push(denial));
  packetLog.log(denialLog.group, logged(denialLog.egress, 'node-n1'));
  end();
  packetLog.log(denialLog.group, logged(denialLog.egress, 'node-n1'));
  assert.equal(others.length, 1);
  assert.equal(heard.length, 2);
});
