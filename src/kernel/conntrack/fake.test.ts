import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeNetworkNamespaces } from '../netns/fake.ts';
import { conntrackCompliance } from './conntrack.compliance.ts';
import { createFakeConntrack } from './fake.ts';
import type { ConntrackTuple } from './port.ts';

const ipsConfirmed = 8;

conntrackCompliance({
  label: 'connection tracking in memory',
  skip: false,
  make() {
    const namespaces = createFakeNetworkNamespaces();
    namespaces.create('node');
    const conntrack = createFakeConntrack({ namespaces });
    const track = (protocol: 'udp' | 'icmp', original: ConntrackTuple, reply: ConntrackTuple): void => {
      conntrack.track('node', { protocol, original, reply, mark: 0, status: ipsConfirmed });
    };
    return {
      conntrack,
      send(address, sourcePort) {
        const ends = { source: address, destination: address };
        track(
          'udp',
          { ...ends, sourcePort, destinationPort: 9 },
          { ...ends, sourcePort: 9, destinationPort: sourcePort },
        );
      },
      ping(identifier) {
        const ends = { source: '127.0.0.1', destination: '127.0.0.1', sourcePort: 0, destinationPort: 0 };
        track(
          'icmp',
          { ...ends, icmp: { identifier, type: 8, code: 0 } },
          { ...ends, icmp: { identifier, type: 0, code: 0 } },
        );
      },
      cleanUp() {},
    };
  },
});

test('a tuple is tracked once', () => {
  const conntrack = createFakeConntrack();
  const tuple = { source: '10.0.0.1', destination: '10.0.0.2', sourcePort: 1, destinationPort: 2 };
  const entry = { protocol: 'tcp', original: tuple, reply: tuple, mark: 0, status: 0 } as const;
  assert.equal(conntrack.track('node', entry).id, 1);
  assert.throws(() => conntrack.track('node', entry), { code: 'conntrack-exists' });
  assert.equal(conntrack.track('node', { ...entry, protocol: 'udp' }).id, 2);
});
