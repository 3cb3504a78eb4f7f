import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeConntrack } from '../../kernel/conntrack/fake.ts';
import type { ConntrackEntry } from '../../kernel/conntrack/port.ts';
import type { ServicePortModel } from '../../model/services/port.ts';
import { servicePort } from '../../model/services/fixtures.ts';
import { endStaleFlows } from './stale-flows.ts';

const client = '10.244.0.9';
const [alive, gone] = ['10.244.0.1', '10.244.0.2'];

const dns = servicePort({
  key: 'kube-system/dns:UDP/53',
  service: 'kube-system/dns',
  protocol: 'UDP',
  port: 53,
  clusterIPs: ['10.96.0.10'],
  nodePort: 30053,
  endpoints: [{ address: alive, port: 5353, nodeName: 'node-1', pod: undefined }],
});

function flow(protocol: 'tcp' | 'udp', target: [string, number], backend: string): ConntrackEntry {
  const sourcePort = 40_000 + Number(backend.at(-1)) + target[1];
  return {
    protocol,
    original: { source: client, destination: target[0], sourcePort, destinationPort: target[1] },
    reply: { source: backend, destination: client, sourcePort: 5353, destinationPort: sourcePort },
    mark: 0,
    status: 0,
  };
}

function remaining(ports: readonly ServicePortModel[], flows: readonly ConntrackEntry[]): string[] {
  const conntrack = createFakeConntrack();
  for (const entry of flows) conntrack.track('node', entry);
  endStaleFlows({ conntrack, netns: 'node', nodePortAddresses: ['172.20.1.1'] }, ports);
  return conntrack.list('node', 'ip').map(({ reply }) => reply.source);
}

test('UDP flows to an endpoint that is gone are ended, by cluster address and by node port', () => {
  const flows = [flow('udp', ['10.96.0.10', 53], gone), flow('udp', ['172.20.1.1', 30_053], gone)];
  assert.deepEqual(remaining([dns], flows), []);
});

test('flows to an endpoint that serves, to other addresses and over TCP stay', () => {
  const flows = [
    flow('udp', ['10.96.0.10', 53], alive),
    flow('udp', ['10.96.0.11', 53], gone),
    flow('tcp', ['10.96.0.10', 53], gone),
  ];
  assert.equal(remaining([dns], flows).length, 3);
});

test('TCP flows to an endpoint that is gone are ended where their Service asks for it', () => {
  const web = servicePort({ endpoints: dns.endpoints, resetsTcp: true });
  const flows = [flow('tcp', ['10.96.7.7', 80], gone), flow('udp', ['10.96.7.7', 80], gone)];
  assert.deepEqual(remaining([web], flows).length, 1);
  const { resetsTcp, ...silent } = web;
  assert.ok(resetsTcp);
  assert.deepEqual(remaining([silent], flows).length, 2);
});

test('flows of a Service without any endpoint are left alone', () => {
  assert.deepEqual(remaining([{ ...dns, endpoints: [] }], [flow('udp', ['10.96.0.10', 53], gone)]), [gone]);
});
