import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { bitsOf, type Address, type Family } from '../../lib/address.ts';
import { WeftError } from '../../lib/errors.ts';
import { prefixOf } from '../../lib/prefix.ts';
import { readAddress, writeDeleteAddress, writeNewAddress } from './address.ts';
import { parseAttributes } from './attributes.ts';
import { readLink, writeNewLink, type NewLink } from './link.ts';
import { formatMac, isGroupMac, parseMac } from './mac.ts';
import { NLM_F_APPEND, NLM_F_REPLACE, parseMessages, type NetlinkMessage } from './message.ts';
import { readNeighbour, writeNewForwarding, writeNewNeighbour } from './neighbour.ts';
import { defaultMetric, readRoute, RT_TABLE_MAIN, RTPROT_STATIC, writeNewRoute } from './route.ts';
import type { KernelRoute } from './route.ts';
import { MessageWriter } from './writer.ts';

const u32 = fc.integer({ min: 1, max: 0xffff_ffff });
const index = fc.integer({ min: 1, max: 0x7fff_ffff });
const mac = fc.uint8Array({ minLength: 6, maxLength: 6 });
const name = fc.stringMatching(/^[a-z][a-z0-9]{0,14}$/);

const addressOf = (family: Family): fc.Arbitrary<Address> =>
  fc.bigInt({ min: 0n, max: 2n ** BigInt(bitsOf(family)) - 1n }).map((value) => ({ family, value }));
const family = fc.constantFrom<Family>('IPv4', 'IPv6');
const address = family.chain(addressOf);

/** Writes one message and reads it as the kernel would get it. */
function sent(write: (writer: MessageWriter) => void): NetlinkMessage {
  const writer = new MessageWriter();
  write(writer);
  const [message, ...more] = parseMessages(writer.finish());
  assert.ok(message !== undefined && more.length === 0);
  return message;
}

const bytes = (value: Uint8Array | undefined) => (value === undefined ? undefined : [...value]);

test('bridges and VXLAN devices are read as they were written', () => {
  const info: fc.Arbitrary<NewLink['info']> = fc.oneof(
    fc.constant({ kind: 'bridge' as const }),
    fc.record({
      kind: fc.constant('vxlan' as const),
      vni: fc.integer({ min: 0, max: 0xff_ffff }),
      port: fc.integer({ min: 0, max: 0xffff }),
      local: address,
      device: index,
    }),
  );
  fc.assert(
    fc.property(name, mac, u32, info, (name, mac, number, info) => {
      const link: NewLink = { name, mac, mtu: number, master: number, info };
      const read = readLink(sent((writer) => writeNewLink(writer, 1, link)));
      const { kind, ...vxlan } = info;
      assert.deepEqual(
        { ...read, mac: bytes(read?.mac) },
        {
          index: 0,
          name,
          up: true,
          kind,
          mac: [...mac],
          mtu: number,
          master: number,
          peer: undefined,
          vxlan: kind === 'vxlan' ? vxlan : undefined,
        },
      );
    }),
  );
});

test('a veth carries its peer, with the namespace, behind a header of its own', () => {
  const peer = { name: 'eth0', mac: Uint8Array.of(2, 0, 0, 0, 0, 1), mtu: 1450, namespaceFd: 42 };
  const link = { name: 'n0', info: { kind: 'veth', peer } } as const;
  const { payload } = sent((writer) => writeNewLink(writer, 1, link));
  // IFLA_LINKINFO, IFLA_INFO_DATA, VETH_INFO_PEER; struct ifinfomsg has 16 bytes.
  const nested = parseAttributes(payload.subarray(16)).nested(18)?.nested(2)?.bytes(1);
  assert.ok(nested);
  const attributes = parseAttributes(nested.subarray(16));
  const [ADDRESS, IFNAME, MTU, NET_NS_FD] = [1, 3, 4, 28];
  assert.equal(attributes.string(IFNAME), 'eth0');
  assert.deepEqual(bytes(attributes.bytes(ADDRESS)), [2, 0, 0, 0, 0, 1]);
  assert.deepEqual([attributes.u32(MTU), attributes.u32(NET_NS_FD)], [1450, 42]);
});

test('addresses are read as they were written', () => {
  fc.assert(
    fc.property(index, address, fc.nat(), (index, address, seed) => {
      const value = { index, address, length: seed % (bitsOf(address.family) + 1) };
      const message = sent((writer) => writeNewAddress(writer, 1, value));
      assert.deepEqual(readAddress(message), { ...value, automatic: false });
      assert.equal(readAddress(sent((writer) => writeDeleteAddress(writer, 1, value))), undefined);
    }),
  );
});

test('routes are read as they were written, next hops of either family included', () => {
  const route = family.chain((family) =>
    fc.record({
      destination: fc
        .tuple(addressOf(family), fc.integer({ min: 0, max: bitsOf(family) }))
        .map(([address, length]) => prefixOf(address, length)),
      index: fc.option(index, { nil: undefined }),
      via: fc.option(family === 'IPv4' ? address : addressOf('IPv6'), { nil: undefined }),
      onlink: fc.boolean(),
      source: fc.option(addressOf(family), { nil: undefined }),
      metric: fc.option(u32, { nil: undefined }),
      type: fc.constantFrom<KernelRoute['type']>('unicast', 'local', 'blackhole', 'unreachable'),
    }),
  );
  fc.assert(
    fc.property(route, (route) => {
      const read = readRoute(sent((writer) => writeNewRoute(writer, 1, route)));
      const metric = route.metric ?? defaultMetric[route.destination.family];
      assert.deepEqual(read, { ...route, metric, table: RT_TABLE_MAIN, protocol: RTPROT_STATIC });
    }),
  );
});

test('neighbours and forwarding entries are read as they were written, each in its table', () => {
  fc.assert(
    fc.property(index, address, mac, (index, address, mac) => {
      const entry = { index, address, mac };
      for (const [table, write] of [
        ['neighbours', writeNewNeighbour],
        ['forwarding', writeNewForwarding],
      ] as const) {
        const read = readNeighbour(sent((writer) => write(writer, 1, entry)));
        assert.deepEqual({ ...read, mac: bytes(read?.mac) }, { ...entry, mac: [...mac], table });
      }
      const { flags } = sent((writer) => writeNewForwarding(writer, 1, entry));
      assert.equal((flags & NLM_F_APPEND) !== 0, isGroupMac(mac));
      assert.equal((flags & NLM_F_REPLACE) !== 0, !isGroupMac(mac));
    }),
  );
});

test('link-layer addresses are read in either case and written in one', () => {
  fc.assert(
    fc.property(mac, (mac) => {
      const text = formatMac(mac);
      assert.deepEqual(parseMac(text), mac);
      assert.deepEqual(parseMac(text.toUpperCase()), mac);
    }),
  );
  const wrong = [
    '',
    '02:00:00:00:00',
    '02:00:00:00:00:00:00',
    '2:0:0:0:0:0',
    '02-00-00-00-00-00',
    'g2:00:00:00:00:00',
  ];
  for (const text of wrong) assert.equal(parseMac(text), undefined, text);
});

test('arbitrary and damaged messages are refused with netlink-malformed or read, never anything else', () => {
  const readers = [readLink, readAddress, readRoute, readNeighbour];
  const whole = Buffer.concat(
    [
      sent((writer) => {
        const vxlan = {
          kind: 'vxlan',
          vni: 1,
          port: 4789,
          local: { family: 'IPv4', value: 1n },
          device: 2,
        } as const;
        writeNewLink(writer, 1, { name: 'vx0', mac: new Uint8Array(6), info: vxlan });
      }),
      sent((writer) => {
        const destination = prefixOf({ family: 'IPv4', value: 1n }, 32);
        writeNewRoute(writer, 1, { destination, via: { family: 'IPv6', value: 1n }, type: 'unicast' });
      }),
    ].map(({ payload }) => payload),
  );
  const damaged = fc
    .tuple(
      fc.nat(whole.length - 1),
      fc.nat(whole.length),
      fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255))),
    )
    .map(([start, end, changes]) => {
      const copy = Buffer.from(whole);
      for (const [at, value] of changes) copy[at] = value;
      return copy.subarray(Math.min(start, end), Math.max(start, end));
    });
  fc.assert(
    fc.property(
      fc.constantFrom(16, 20, 24, 28),
      fc.oneof(fc.uint8Array({ maxLength: 120 }), damaged),
      (type, bytes) => {
        const message = { type, flags: 0, sequence: 0, portId: 0, payload: Buffer.from(bytes) };
        for (const read of readers) {
          try {
            read(message);
          } catch (error) {
            assert.ok(error instanceof WeftError && error.code === 'netlink-malformed', String(error));
          }
        }
      },
    ),
    { numRuns: 3000 },
  );
});

test('IPv6 addresses are added without duplicate address detection, IPv4 loopback ones in scope host', () => {
  const header = (address: Address) =>
    sent((writer) => writeNewAddress(writer, 1, { index: 1, address, length: 8 })).payload.subarray(0, 4);
  const [flags, scope] = [2, 3];
  assert.equal(header({ family: 'IPv6', value: 1n })[flags], 2);
  assert.equal(header({ family: 'IPv4', value: 0x7f00_0001n })[scope], 254);
  assert.equal(header({ family: 'IPv4', value: 0x0a00_0001n })[scope], 0);
});
