import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Conntrack, ConntrackEntry } from './port.ts';

export interface ConntrackCase {
  readonly label: string;
  /** False, or the reason. */
  readonly skip: string | false;
  readonly make: () => ConntrackWorld;
}

/** A namespace `node` in which loopback's connections are tracked. */
interface ConntrackWorld {
  readonly conntrack: Conntrack;
  /** One UDP datagram from this port to port 9, from and to this address. */
  send(address: '127.0.0.1' | '::1', sourcePort: number): void;
  /** One ICMP echo request with this identifier from and to 127.0.0.1. */
  ping(identifier: number): void;
  cleanUp(): void;
}

/** What every implementation of `Conntrack` does. */
export function conntrackCompliance({ label, skip, make }: ConntrackCase): void {
  describe(label, { skip }, () => {
    let world: ConntrackWorld;
    let conntrack: Conntrack;

    beforeEach(() => {
      world = make();
      conntrack = world.conntrack;
    });
    afterEach(() => {
      conntrack.close();
      world.cleanUp();
    });

    function entryFrom(sourcePort: number): ConntrackEntry {
      const entries = conntrack.list('node', 'ip');
      const found = entries.find(({ original }) => original.sourcePort === sourcePort);
      assert.ok(found !== undefined, `no entry from port ${sourcePort}`);
      return found;
    }

    test('entries are listed by family, both directions as text', () => {
      world.send('127.0.0.1', 4001);
      world.send('::1', 4002);
      const [entry, ...others] = conntrack.list('node', 'ip').filter(({ protocol }) => protocol === 'udp');
      assert.deepEqual(others, []);
      assert.ok(entry !== undefined);
      assert.deepEqual(entry.original, {
        source: '127.0.0.1',
        destination: '127.0.0.1',
        sourcePort: 4001,
        destinationPort: 9,
      });
      assert.deepEqual([entry.reply.sourcePort, entry.reply.destinationPort, entry.mark], [9, 4001, 0]);
      const six = conntrack.list('node', 'ip6').filter(({ protocol }) => protocol === 'udp');
      assert.deepEqual(
        six.map(({ original }) => [original.source, original.sourcePort]),
        [['::1', 4002]],
      );
    });

    test('one by one they are the same, and can be named to the kernel in both families', () => {
      world.send('127.0.0.1', 4001);
      world.send('::1', 4002);
      for (const family of ['ip', 'ip6'] as const) {
        const scanned = [...conntrack.scan('node', family)];
        assert.deepEqual(scanned, conntrack.list('node', family));
        assert.equal(conntrack.setMarks('node', scanned, { value: 1, mask: 1 }), scanned.length);
        assert.ok(conntrack.list('node', family).every(({ mark }) => mark === 1));
        for (const entry of scanned) assert.equal(conntrack.delete('node', entry), true);
        assert.deepEqual([...conntrack.scan('node', family)], []);
      }
    });

    test('only the bits of the mask change', () => {
      world.send('127.0.0.1', 4001);
      world.send('127.0.0.1', 4002);
      const entry = entryFrom(4001);
      assert.equal(conntrack.setMark('node', entry, { value: 0x8000_0001, mask: 0xffff_ffff }), true);
      assert.equal(entryFrom(4001).mark, 0x8000_0001);
      assert.equal(conntrack.setMark('node', entry, { value: 0xffff_fff2, mask: 0x0000_000f }), true);
      assert.equal(entryFrom(4001).mark, 0x8000_0002);
      assert.equal(conntrack.setMark('node', entry, { value: 0, mask: 0x8000_0000 }), true);
      assert.equal(entryFrom(4001).mark, 2);
      assert.equal(entryFrom(4002).mark, 0);
    });

    test('many are marked at once, and those that are gone are not counted', () => {
      const ports = Array.from({ length: 1200 }, (_, index) => 5000 + index);
      for (const port of ports) world.send('127.0.0.1', port);
      const entries = conntrack.list('node', 'ip').filter(({ protocol }) => protocol === 'udp');
      assert.equal(entries.length, ports.length);
      for (const gone of entries.slice(0, 3)) conntrack.delete('node', gone);
      assert.equal(conntrack.setMarks('node', entries, { value: 5, mask: 7 }), ports.length - 3);
      const marks = conntrack
        .list('node', 'ip')
        .flatMap((entry) => (entry.protocol === 'udp' ? [entry.mark] : []));
      assert.equal(marks.length, ports.length - 3);
      assert.deepEqual(new Set(marks), new Set([5]));
      assert.equal(conntrack.setMarks('node', [], { value: 5, mask: 7 }), 0);
    });

    test('a deleted entry is gone, which setMark and delete tell', () => {
      world.send('127.0.0.1', 4001);
      world.send('::1', 4001);
      const entry = entryFrom(4001);
      assert.equal(conntrack.delete('node', entry), true);
      assert.equal(conntrack.delete('node', entry), false);
      assert.equal(conntrack.setMark('node', entry, { value: 1, mask: 1 }), false);
      assert.deepEqual(
        conntrack.list('node', 'ip').filter(({ original }) => original.sourcePort === 4001),
        [],
      );
      const [six] = conntrack.list('node', 'ip6').filter(({ protocol }) => protocol === 'udp');
      assert.ok(six !== undefined);
      assert.equal(conntrack.setMark('node', six, { value: 1, mask: 1 }), true);
      assert.equal(conntrack.delete('node', six), true);
    });

    test('an entry with the same tuple and another id is not meant', () => {
      world.send('127.0.0.1', 4001);
      const entry = entryFrom(4001);
      assert.equal(conntrack.delete('node', { ...entry, id: (entry.id ?? 0) ^ 1 }), false);
      const { id: _, ...withoutId } = entry;
      assert.equal(conntrack.delete('node', withoutId), true);
    });

    test('pings are told apart by identifier and have no ports', () => {
      world.ping(77);
      const [entry] = conntrack.list('node', 'ip').filter(({ protocol }) => protocol === 'icmp');
      assert.ok(entry !== undefined);
      const { sourcePort, destinationPort, icmp } = entry.original;
      assert.deepEqual([sourcePort, destinationPort, icmp], [0, 0, { identifier: 77, type: 8, code: 0 }]);
      assert.equal(conntrack.setMark('node', entry, { value: 3, mask: 3 }), true);
      assert.equal(conntrack.delete('node', entry), true);
    });

    test('an entry of another protocol can be listed only', () => {
      world.send('127.0.0.1', 4001);
      const other = { ...entryFrom(4001), protocol: 'other' } as const;
      assert.throws(() => conntrack.delete('node', other), { code: 'conntrack-unsupported' });
      assert.throws(() => conntrack.setMark('node', other, { value: 1, mask: 1 }), {
        code: 'conntrack-unsupported',
      });
    });

    test('a missing namespace is netns-missing, a forgotten one is opened again', () => {
      assert.throws(() => conntrack.list('nowhere', 'ip'), { code: 'netns-missing' });
      conntrack.forget('node');
      assert.deepEqual(conntrack.list('node', 'ip'), []);
    });
  });
}
