import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { LoggedPacket, PacketLog } from './log-port.ts';

export interface PacketLogCase {
  readonly label: string;
  /** False, or the reason. */
  readonly skip: string | false;
  readonly make: () => PacketLogWorld;
}

/** Two namespaces, `a` and `b`; what the rule of each logs goes to group 7, with prefix `rule of a` or `rule of b`. */
interface PacketLogWorld {
  readonly log: PacketLog;
  /** One UDP datagram with this mark and this text as payload meets the rule of the namespace. */
  send(namespace: string, mark: number, text: string): void;
  /** Takes the world away, after the log is closed. */
  cleanUp(): Promise<void>;
}

/** IPv4 and UDP headers in front of the text. */
const headers = 28;

/** What every implementation of `PacketLog` does. */
export function packetLogCompliance({ label, skip, make }: PacketLogCase): void {
  describe(label, { skip, timeout: 20_000 }, () => {
    let world: PacketLogWorld;
    let packets: LoggedPacket[];
    let arrived: () => void;

    beforeEach(() => {
      world = make();
      packets = [];
      arrived = () => {};
      world.log.onPacket((packet) => {
        packets.push(packet);
        arrived();
      });
    });
    afterEach(async () => {
      await world.log.close();
      await world.cleanUp();
    });

    /** The first packets logged, as namespace, prefix, mark and text. */
    async function first(count: number): Promise<string[]> {
      while (packets.length < count) await new Promise<void>((resolve) => (arrived = resolve));
      return packets.map(({ namespace, prefix, mark, payload }) => {
        const text = Buffer.from(payload.subarray(headers)).toString();
        return `${namespace}: ${prefix} ${mark} ${text}`;
      });
    }

    test('a logged packet arrives with its prefix, mark and first bytes', async () => {
      world.log.listen('a', 7);
      world.send('a', 0x8000_0001, 'hello');
      assert.deepEqual(await first(1), ['a: rule of a 2147483649 hello']);
      assert.equal(packets[0]?.payload[0], 0x45, 'begins with the IPv4 header');
      assert.equal(world.log.overruns, 0);
    });

    test('packets of a namespace arrive in order, and one by one', async () => {
      world.log.listen('a', 7);
      const texts = Array.from({ length: 50 }, (_, index) => `packet ${index}`);
      for (const text of texts) world.send('a', 0, text);
      assert.deepEqual(
        await first(texts.length),
        texts.map((text) => `a: rule of a 0 ${text}`),
      );
    });

    test('listening twice is listening once, and each namespace is its own', async () => {
      for (const namespace of ['a', 'b', 'a']) world.log.listen(namespace, 7);
      world.send('b', 1, 'to b');
      await first(1);
      world.send('a', 2, 'to a');
      assert.deepEqual(await first(2), ['b: rule of b 1 to b', 'a: rule of a 2 to a']);
    });

    test('a forgotten namespace is silent until somebody listens again', async () => {
      for (const namespace of ['a', 'b']) world.log.listen(namespace, 7);
      world.log.forget('a');
      world.log.forget('a');
      world.send('a', 0, 'unheard');
      world.send('b', 0, 'heard');
      assert.deepEqual(await first(1), ['b: rule of b 0 heard']);
      world.log.listen('a', 7);
      world.send('a', 0, 'again');
      assert.deepEqual(await first(2), ['b: rule of b 0 heard', 'a: rule of a 0 again']);
    });

    test('a missing namespace is netns-missing', () => {
      assert.throws(() => world.log.listen('nowhere', 7), { code: 'netns-missing' });
    });
  });
}
