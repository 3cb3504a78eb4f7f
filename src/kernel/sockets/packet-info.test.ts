import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddress } from '../../lib/address.ts';
import { decodePacketInfo, encodePacketInfo, packetInfoRoom } from './packet-info.ts';

const encoded = (text: string): Uint8Array => encodePacketInfo(parseAddress(text) ?? assert.fail());

test('the address that was asked is read as the kernel tells it', () => {
  // What recvmsg gave of a datagram to 192.0.2.7 that came in by the interface with the index 2.
  const ipv4 = '1c0000000000000000000000080000000200000000000000c000020700000000';
  assert.equal(decodePacketInfo(Buffer.from(ipv4, 'hex')), '192.0.2.7');
  assert.equal(decodePacketInfo(encoded('2001:db8::7')), '2001:db8::7');
});

test('what is cut short, or something else, says nothing', () => {
  const whole = encoded('2001:db8::7');
  for (let length = 0; length < 36; length++) {
    assert.equal(decodePacketInfo(whole.subarray(0, length)), undefined, `${length} bytes`);
  }
  assert.equal(decodePacketInfo(Buffer.alloc(packetInfoRoom)), undefined);
});

test('both families fit the room that is made for them', () => {
  for (const text of ['192.0.2.7', '2001:db8::7']) assert.ok(encoded(text).length <= packetInfoRoom, text);
});
