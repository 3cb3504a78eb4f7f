import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { broadcastMac, encodeFrame, etherTypes } from '../../wire/ethernet/frame.ts';
import type { Frames, FrameSocket } from './port.ts';

/** Namespaces `a` and `b`, whose links `eth0` are on one segment. */
export interface FramesWorld {
  readonly frames: Frames;
  /** Sets the link of a namespace down. */
  cut(namespace: 'a' | 'b'): void;
  /** How long is listened for what must not come; what must is waited for. */
  readonly quietMs: number;
  end(): Promise<void>;
}

export interface FramesCase {
  readonly label: string;
  readonly skip: string | false;
  readonly make: () => FramesWorld;
}

const groupMac = '33:33:ff:00:00:05';

/** What every `Frames` does. */
export function framesCompliance({ label, skip, make }: FramesCase): void {
  describe(`${label}: frames`, { skip }, () => {
    let world: FramesWorld;
    let sockets: FrameSocket[];
    beforeEach(async () => {
      world = make();
      sockets = [];
      await whenConnected();
    });
    afterEach(async () => {
      for (const socket of sockets) socket.close();
      await world.end();
    });

    const open = (
      namespace: 'a' | 'b',
      etherType: number = etherTypes.speaker,
    ): { socket: FrameSocket; heard: string[] } => {
      const heard: string[] = [];
      const socket = world.frames.open(namespace, 'eth0', {
        etherType,
        onFrame: (frame) => heard.push(Buffer.from(frame).toString('hex')),
      });
      sockets.push(socket);
      return { socket, heard };
    };
    const frameTo = (destination: string, from: FrameSocket, etherType: number = etherTypes.speaker) =>
      encodeFrame({ destination, source: from.mac, etherType, payload: Buffer.alloc(46, 7) });
    const hex = (frame: Uint8Array): string => Buffer.from(frame).toString('hex');
    const until = async (isThere: () => boolean): Promise<void> => {
      while (!isThere()) await new Promise((done) => setTimeout(done, 5));
    };

    /** The kernel gives a new link its queue a moment after it is up: what is sent before is lost. */
    const whenConnected = async (): Promise<void> => {
      const [a, b] = [open('a', etherTypes.ipv6), open('b', etherTypes.ipv6)];
      while (b.heard.length === 0) {
        a.socket.send(frameTo(broadcastMac, a.socket, etherTypes.ipv6));
        await new Promise((done) => setTimeout(done, 5));
      }
      for (const { socket } of [a, b]) socket.close();
    };

    test('a frame to everybody, to a link’s own address or to a group it joined is heard whole', async () => {
      const [a, b] = [open('a'), open('b')];
      b.socket.join(groupMac);
      const sent = [broadcastMac, b.socket.mac, groupMac].map((to) => frameTo(to, a.socket));
      for (const frame of sent) a.socket.send(frame);
      await until(() => b.heard.length === 3);
      assert.deepEqual(b.heard, sent.map(hex));
      assert.deepEqual(a.heard, [], 'nobody hears himself');
    });

    test('frames of another EtherType are not heard', async () => {
      const [a, b] = [open('a'), open('b')];
      const other = open('b', etherTypes.arp);
      a.socket.send(frameTo(broadcastMac, a.socket, etherTypes.arp));
      a.socket.send(frameTo(broadcastMac, a.socket));
      await until(() => b.heard.length > 0 && other.heard.length > 0);
      assert.deepEqual(b.heard, [hex(frameTo(broadcastMac, a.socket))]);
      assert.deepEqual(other.heard, [hex(frameTo(broadcastMac, a.socket, etherTypes.arp))]);
    });

    test('what is sent over a cut cable, or after closing, is lost', async () => {
      const [a, b] = [open('a'), open('b')];
      assert.equal(a.socket.send(frameTo(a.socket.mac, a.socket)), true);
      world.cut('a');
      assert.equal(a.socket.send(frameTo(broadcastMac, a.socket)), false);
      b.socket.close();
      b.socket.close();
      assert.equal(b.socket.send(frameTo(broadcastMac, b.socket)), false);
      await new Promise((done) => setTimeout(done, world.quietMs));
      assert.deepEqual([a.heard, b.heard], [[], []]);
    });

    test('who asks is told when all is heard, each once, whether anything has come in or not', async () => {
      const [a, b] = [open('a'), open('b')];
      const told: string[] = [];
      await new Promise<void>((done) => world.frames.caughtUp(done));
      a.socket.send(frameTo(broadcastMac, a.socket));
      await until(() => b.heard.length === 1);
      world.frames.caughtUp(() => told.push('first'));
      await new Promise<void>((done) => world.frames.caughtUp(done));
      assert.deepEqual(told, ['first']);
    });

    test('a link that is not there is refused', () => {
      assert.throws(() => world.frames.open('a', 'eth9', { etherType: etherTypes.arp, onFrame: () => {} }), {
        code: 'frames-refused',
      });
    });
  });
}
