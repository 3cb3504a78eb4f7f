import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseMessages } from '../netlink/message.ts';
import { MessageWriter } from '../netlink/writer.ts';
import { beginNetfilter, parseNetfilter } from './header.ts';
import { encodeLogSubscription, parseLoggedPacket } from './log.ts';

const packetType = 0x0400;

test('a packet is decoded with its group, prefix, mark and bytes', () => {
  const packet = fc.record(
    {
      group: fc.integer({ min: 0, max: 0xffff }),
      prefix: fc.stringMatching(/^[ -~]{0,64}$/),
      mark: fc.integer({ min: 0, max: 0xffff_ffff }),
      payload: fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(packet, ({ group, prefix, mark, payload }) => {
      const writer = new MessageWriter();
      beginNetfilter(writer, { type: packetType, flags: 0, sequence: 0, family: 2, resource: group });
      writer.string(10, prefix);
      writer.u32BE(2, mark);
      writer.attribute(9, payload);
      writer.end();
      const parsed = parseMessages(writer.finish()).map(parseLoggedPacket);
      assert.deepEqual(parsed, [{ group, prefix, mark, payload }]);
    }),
  );
});

test('a packet without a mark or prefix has none, another message is no packet', () => {
  const writer = new MessageWriter();
  beginNetfilter(writer, { type: packetType, flags: 0, sequence: 0, family: 2, resource: 3 });
  writer.end();
  beginNetfilter(writer, { type: 3, flags: 0, sequence: 0, family: 2 });
  writer.end();
  assert.deepEqual(parseMessages(writer.finish()).map(parseLoggedPacket), [
    { group: 3, prefix: '', mark: 0, payload: Buffer.alloc(0) },
    undefined,
  ]);
});

test('a subscription binds the group, copies packets and holds none back', () => {
  const [message] = parseMessages(encodeLogSubscription({ group: 0x1234, copyRange: 128, sequence: 9 }));
  assert.ok(message !== undefined);
  assert.deepEqual([message.type, message.flags, message.sequence], [0x0401, 5, 9]);
  const { resource, attributes } = parseNetfilter(message);
  assert.equal(resource, 0x1234);
  assert.equal(attributes.u8(1), 1, 'NFULNL_CFG_CMD_BIND');
  assert.deepEqual(attributes.bytes(2), Buffer.from([0, 0, 0, 128, 2, 0]), 'copy range, NFULNL_COPY_PACKET');
  assert.equal(attributes.u32BE(5), 1, 'queue threshold');
});
