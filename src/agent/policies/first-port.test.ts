import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeConntrack } from '../../kernel/conntrack/fake.ts';
import type { ConntrackEntry } from '../../kernel/conntrack/port.ts';
import { twoNodes } from '../../../test/support/agents/fake-machine.ts';
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
  assert.equal(firstPortWith(['n1', 'n2'])(packet, 'n1'), 20_001);
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
  assert.equal(firstPort(packet, 'n1'), 20_007);
});

test('a packet whose source the node of an asked node port has left alone is known by the port it set out with', () => {
  const conntrack = createFakeConntrack();
  const ports = { destinationPort: 30_080, sourcePort: 20_007 };
  const track = (asked: string, drawn: number): ConntrackEntry =>
    conntrack.track('node-n2', {
      ...masqueraded,
      original: { source: '10.244.1.9', destination: asked, ...ports },
      reply: {
        source: asked,
        destination: '172.20.1.2',
        sourcePort: ports.destinationPort,
        destinationPort: drawn,
      },
    });
  track('172.20.1.1', 40_000);
  track('203.0.113.7', 40_001);
  const places = new Map(twoNodes.map((place) => [place.name, place]));
  const firstPort = createFirstPort({ conntrack, places, netnsOf: (node) => `node-${node}` });
  const seen = { ...packet, source: '172.20.1.2', sourcePort: 40_000 };
  assert.equal(firstPort(seen, 'n1'), 20_007);
  assert.equal(firstPort(seen, 'n2'), 40_000, 'another node asked nobody for it');
  assert.equal(firstPort({ ...seen, sourcePort: 40_001 }, 'n1'), 40_001, 'sent to somebody else');
});

test('other packets, and those of nodes that somebody else looks after, keep the port they have', () => {
  const firstPort = firstPortWith(['n1', 'n2']);
  assert.equal(firstPort({ ...packet, source: '10.244.1.7' }, 'n1'), 61_234);
  assert.equal(firstPort({ ...packet, sourcePort: 61_235 }, 'n1'), 61_235);
  assert.equal(firstPort({ ...packet, protocol: 'UDP' }, 'n1'), 61_234);
  assert.equal(firstPortWith(['n1'])(packet, 'n1'), 61_234);
});
