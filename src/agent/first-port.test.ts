import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeConntrack } from '../kernel/conntrack/fake.ts';
import { twoNodes } from '../../test/support/agents/fake-machine.ts';
import { createFirstPort } from './first-port.ts';

/** What a node makes of a connection to a Service: its own address, and a port that it drew. */
const masqueraded = {
  protocol: 'tcp',
  original: { source: '172.20.1.2', destination: '10.96.0.9', sourcePort: 20_001, destinationPort: 80 },
  reply: { source: '10.244.0.5', destination: '10.244.1.0', sourcePort: 8080, destinationPort: 61_234 },
  mark: 0,
  status: 0,
} as const;
const packet = {
  protocol: 'TCP',
  source: '10.244.1.0',
  destination: '10.244.0.5',
  sourcePort: 61_234,
  destinationPort: 8080,
} as const;

function firstPortWith(known: readonly string[]): ReturnType<typeof createFirstPort> {
  const conntrack = createFakeConntrack();
  conntrack.track('node-n2', masqueraded);
  return createFirstPort({
    conntrack,
    places: new Map(twoNodes.map((place) => [place.name, place])),
    netnsOf: (node) => (known.includes(node) ? `node-${node}` : undefined),
  });
}

test('a packet that a node has put its address into is known by the port it set out with', () => {
  assert.equal(firstPortWith(['n1', 'n2'])(packet), 20_001);
});

test('a packet that two nodes have put their addresses into, one after the other, is known by the port it set out with', () => {
  const conntrack = createFakeConntrack();
  const asked = {
    source: '172.20.1.1',
    destination: '172.20.1.2',
    sourcePort: 40_000,
    destinationPort: 30_080,
  };
  conntrack.track('node-n2', { ...masqueraded, original: asked });
  conntrack.track('node-n1', {
    ...masqueraded,
    original: { ...asked, source: '10.244.0.9', sourcePort: 20_007 },
    reply: { source: '172.20.1.2', destination: '172.20.1.1', sourcePort: 30_080, destinationPort: 40_000 },
  });
  const places = new Map(twoNodes.map((place) => [place.name, place]));
  const firstPort = createFirstPort({ conntrack, places, netnsOf: (node) => `node-${node}` });
  assert.equal(firstPort(packet), 20_007);
});

test('other packets, and those of nodes that somebody else looks after, keep the port they have', () => {
  const firstPort = firstPortWith(['n1', 'n2']);
  assert.equal(firstPort({ ...packet, source: '10.244.1.7' }), 61_234);
  assert.equal(firstPort({ ...packet, sourcePort: 61_235 }), 61_235);
  assert.equal(firstPort({ ...packet, protocol: 'UDP' }), 61_234);
  assert.equal(firstPortWith(['n1'])(packet), 61_234);
});
