import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { addressOf, clientMessage, serverMessage } from '../../../test/support/dhcp-client.ts';
import { decodeDhcp, encodeDhcp, endless, type DhcpReply, type DhcpRequest } from './message.ts';

const mac = '02:00:5e:00:53:01';
const asked = { type: 3, transaction: 0xdead_beef, mac };
const request = (options = {}): DhcpRequest =>
  decodeDhcp(clientMessage({ ...asked, ...options })) ?? assert.fail('not understood');

test('what a client says is read as RFC 2131 and 2132 have it', () => {
  const read = request({
    ciaddr: '192.0.2.9',
    giaddr: '192.0.2.1',
    isBroadcast: true,
    options: {
      50: addressOf('192.0.2.7'),
      54: addressOf('192.0.2.2'),
      55: Uint8Array.of(1, 3, 6),
      61: Uint8Array.of(0, 1, 255),
    },
  });
  assert.deepEqual(read, {
    type: 'request',
    transaction: 0xdead_beef,
    isBroadcast: true,
    clientAddress: '192.0.2.9',
    relayAddress: '192.0.2.1',
    mac,
    requestedAddress: '192.0.2.7',
    server: '192.0.2.2',
    identifier: '0001ff',
  });
  const { requestedAddress, server, identifier, clientAddress } = request();
  assert.deepEqual(
    [requestedAddress, server, identifier, clientAddress],
    [undefined, undefined, undefined, '0.0.0.0'],
  );
});

test('what is no request of DHCP is not taken for one', () => {
  const good = clientMessage(asked);
  const changed = (at: number, value: number): Buffer => {
    const bytes = Buffer.from(good);
    bytes[at] = value;
    return bytes;
  };
  assert.notEqual(decodeDhcp(good), undefined);
  assert.equal(decodeDhcp(changed(0, 2)), undefined, 'an answer');
  assert.equal(decodeDhcp(changed(1, 6)), undefined, 'of other hardware');
  assert.equal(decodeDhcp(changed(236, 0)), undefined, 'no cookie');
  assert.equal(decodeDhcp(changed(242, 99)), undefined, 'no type that there is');
  assert.equal(decodeDhcp(changed(241, 200)), undefined, 'an option longer than the message');
  assert.equal(decodeDhcp(good.subarray(0, 239)), undefined, 'cut short');
});

test('an answer has the address, the lease and what is on the link', () => {
  const reply: DhcpReply = {
    type: 'acknowledge',
    to: request(),
    server: '192.0.2.2',
    address: '192.0.2.77',
    lease: 3601,
    prefix: '192.0.2.64/26',
    router: '192.0.2.65',
  };
  const bytes = encodeDhcp(reply);
  assert.ok(bytes.length >= 300);
  assert.deepEqual([...bytes.subarray(0, 4)], [2, 1, 6, 0]);
  assert.equal(Buffer.from(bytes.subarray(28, 34)).toString('hex'), '02005e005301');
  const { options, ...told } = serverMessage(bytes);
  assert.deepEqual(told, {
    type: 5,
    transaction: 0xdead_beef,
    yiaddr: '192.0.2.77',
    server: '192.0.2.2',
    lease: 3601,
  });
  const at = (code: number): number[] => [...(options.get(code) ?? [])];
  assert.deepEqual(
    [at(1), at(3), at(28)],
    [
      [255, 255, 255, 192],
      [192, 0, 2, 65],
      [192, 0, 2, 127],
    ],
  );
  assert.deepEqual(
    [at(58), at(59)],
    [
      [0, 0, 7, 8],
      [0, 0, 12, 78],
    ],
  );
});

test('a lease without an end has no times to ask again, and a refusal nothing but its server', () => {
  const reply = { to: request(), server: '192.0.2.2' };
  const given = serverMessage(encodeDhcp({ ...reply, type: 'offer', address: '192.0.2.7', lease: endless }));
  assert.equal(given.lease, 0xffff_ffff);
  assert.deepEqual([given.options.has(58), given.options.has(59)], [false, false]);
  const refused = serverMessage(encodeDhcp({ ...reply, type: 'refuse' }));
  assert.deepEqual([...refused.options.keys()], [53, 54]);
  assert.equal(refused.yiaddr, '0.0.0.0');
});

test('whatever comes is read or left alone, and answered in whole messages', () => {
  const sample = clientMessage({
    ...asked,
    options: { 50: addressOf('192.0.2.7'), 61: Uint8Array.of(1, 2) },
  });
  const mutated = fc
    .array(fc.tuple(fc.nat(sample.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 12 })
    .map((changes) => {
      const bytes = Buffer.from(sample);
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    });
  const cut = fc.tuple(mutated, fc.nat(sample.length)).map(([bytes, end]) => bytes.subarray(0, end));
  fc.assert(
    fc.property(fc.oneof(mutated, cut, fc.uint8Array({ maxLength: 400 })), (bytes) => {
      const read = decodeDhcp(bytes);
      if (read === undefined) return;
      const told = serverMessage(
        encodeDhcp({ type: 'offer', to: read, server: '192.0.2.2', address: '192.0.2.7' }),
      );
      assert.deepEqual([told.transaction, told.type, told.yiaddr], [read.transaction, 2, '192.0.2.7']);
    }),
    { seed: 8, numRuns: 500 },
  );
});
