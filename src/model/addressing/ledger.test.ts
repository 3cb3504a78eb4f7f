import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatRange, parsePrefix, type Prefix } from '../../lib/prefix.ts';
import { batchesFor, blocksFor, requestFor, scalerFor } from './demand.ts';
import { settle, telling, withdraw, type Asker, type Room } from './ledger.ts';
import { podRoomOf } from './pod-subnets.ts';
import { readRanges, type Share } from './shares.ts';
import { pictureOf, shortageText } from './shortage.ts';
import { countPieces, roomOf } from './subnet-room.ts';

const prefix = (text: string): Prefix => parsePrefix(text) ?? assert.fail(text);
const text = (ranges: Share['ranges'] = []): string => ranges.map(formatRange).join();

function asker(name: string, given: Partial<Asker> = {}): Asker {
  return { name, uid: `uid-${name}`, wanted: 0, used: 0, returned: [], told: [], toldVersion: 0, ...given };
}

function share(name: string, ranges: string, version = 1): Share {
  return { name, uid: `uid-${name}`, version, ranges: readRanges(ranges.split(',')) };
}

const byName = (...shares: Share[]): Map<string, Share> => new Map(shares.map((one) => [one.name, one]));
const nothing = { gone: new Set<string>(), kept: () => [] };

const room: Room = { ranges: readRanges(['10.0.1.4-10.0.1.62']), piece: 1, order: 'lowest' };

test('what is asked for follows what is needed in batches, and stays while enough is free', () => {
  const scaler = scalerFor(250, { isExhausted: false });
  const held = (used: number, has: number): number => requestFor({ used, held: has }, scaler);
  assert.deepEqual([batchesFor(8), batchesFor(9), batchesFor(25), blocksFor(31)], [16, 32, 48, 32]);
  assert.deepEqual([held(0, 0), held(8, 16), held(9, 16), held(24, 32), held(25, 32)], [16, 16, 32, 32, 48]);
  // 24 free are not too many, 25 are.
  assert.deepEqual([held(24, 48), held(23, 48)], [48, 32]);
  assert.equal(requestFor({ used: 25, held: 16 }, scalerFor(30, { isExhausted: false })), 30);
  const poor = scalerFor(250, { isExhausted: true });
  assert.deepEqual([requestFor({ used: 5, held: 16 }, poor), requestFor({ used: 5, held: 5 }, poor)], [6, 6]);
});

test('five addresses of a subnet are nobody’s, nor are those of machines', () => {
  assert.equal(
    text(roomOf(prefix('10.0.0.0/28'), ['10.0.0.6', '192.0.2.1'])),
    '10.0.0.4/31,10.0.0.7-10.0.0.14',
  );
  assert.equal(roomOf(prefix('10.0.0.0/30'), []).length, 0);
  const blocks = podRoomOf({ id: 'default/pods', prefix: prefix('10.0.0.0/26') }, 'block', []);
  assert.equal(countPieces(blocks.ranges, blocks.piece), 32, 'the first and the last block are not whole');
});

test('single addresses are the lowest free ones; beside machines they are the highest', () => {
  const given = (order: Room['order']): string => {
    const settled = settle(byName(), [asker('n1', { wanted: 3 })], { ...room, order }, nothing);
    return text(settled.get('n1')?.ranges);
  };
  assert.deepEqual([given('lowest'), given('highest')], ['10.0.1.4-10.0.1.6', '10.0.1.60-10.0.1.62']);
});

test('blocks begin at multiples of 16, and a node has as many as its pods and itself need', () => {
  const blocks = { ranges: readRanges(['10.0.1.4-10.0.1.254']), piece: 16, order: 'lowest' } as const;
  const settled = settle(
    byName(),
    [asker('n1', { wanted: 32 }), asker('n2', { wanted: 16 })],
    blocks,
    nothing,
  );
  assert.equal(text(settled.get('n1')?.ranges), '10.0.1.16-10.0.1.47');
  assert.equal(text(settled.get('n2')?.ranges), '10.0.1.48/28');
});

test('where there are too few, pods that wait come before spares', () => {
  const few = { ...room, ranges: readRanges(['10.0.1.4-10.0.1.13']) };
  const askers = [asker('n1', { wanted: 16, used: 2 }), asker('n2', { wanted: 16, used: 7 })];
  const settled = settle(byName(), askers, few, nothing);
  assert.equal(text(settled.get('n2')?.ranges), '10.0.1.6-10.0.1.12');
  assert.equal(text(settled.get('n1')?.ranges), '10.0.1.4/31,10.0.1.13/32');
});

test('what is given back leaves the node’s object first, and only then the share', () => {
  const before = share('n1', '10.0.1.4-10.0.1.9', 3);
  const giving = asker('n1', {
    wanted: 4,
    returned: readRanges(['10.0.1.8', '10.0.1.9']),
    told: before.ranges,
    toldVersion: 3,
  });
  const told = withdraw(before, giving);
  assert.deepEqual([text(told?.ranges), told?.version], ['10.0.1.4/30', 4]);
  const unchanged = settle(byName(before), [giving], room, nothing).get('n1');
  assert.equal(text(unchanged?.ranges), '10.0.1.4-10.0.1.9', 'it may still use them');
  const after = { ...giving, told: told?.ranges ?? [], toldVersion: 4 };
  assert.equal(telling(before, after), undefined, 'whoever knows the older share only has nothing to tell');
  const settled = settle(byName(before), [after], room, nothing).get('n1');
  assert.deepEqual([text(settled?.ranges), settled?.version], ['10.0.1.4/30', 4]);
});

test('a NodeNetworkConfig that was made anew has nothing of the one before it', () => {
  const old = share('n1', '10.0.1.4-10.0.1.9');
  const anew = asker('n1', { uid: 'another', wanted: 2 });
  assert.equal(telling(old, anew), undefined);
  const waiting = settle(byName(old), [anew], room, nothing).get('n1');
  assert.deepEqual([waiting?.uid, text(waiting?.ranges)], ['uid-n1', '10.0.1.4-10.0.1.9']);
  const settled = settle(byName(old), [anew], room, { ...nothing, gone: new Set(['uid-n1']) }).get('n1');
  assert.deepEqual([settled?.uid, text(settled?.ranges)], ['another', '10.0.1.4/31']);
});

test('an address that a pod has is given to nobody, whoever its node was', () => {
  const settled = settle(byName(), [asker('n1', { wanted: 2 })], room, {
    ...nothing,
    kept: () => readRanges(['10.0.1.4']),
  });
  assert.equal(text(settled.get('n1')?.ranges), '10.0.1.5-10.0.1.6');
});

test('a shortage says how many addresses are missing and what would help', () => {
  const shortage = (mode: 'node-subnet' | 'dynamic', askers: Asker[], cidr: string): string | undefined => {
    const subnet = { id: 'default/pods', prefix: prefix(cidr) };
    const from = podRoomOf(subnet, mode, []);
    const usable = countPieces(from.ranges, from.piece);
    const picture = pictureOf(settle(byName(), askers, from, nothing), askers, { subnet, mode, usable });
    return askers.map(({ name }) => shortageText(picture, name)).find((one) => one !== undefined);
  };
  const nodes = (count: number, given: Partial<Asker>): Asker[] =>
    Array.from({ length: count }, (_, index) => asker(`n${index + 1}`, given));
  assert.equal(
    shortage('dynamic', nodes(2, { wanted: 16, used: 7 }), '10.0.1.0/28'),
    '3 addresses are missing on n2: subnet default/pods 10.0.1.0/28 has 11 to give to pods, and 14 are needed; it would fit with a /27, or with 3 pods fewer',
  );
  assert.equal(
    shortage('node-subnet', nodes(3, { wanted: 30, used: 30 }), '10.0.1.0/26'),
    '1 address is missing on n2: subnet default/pods 10.0.1.0/26 has 59 to give to pods, and 90 are needed; it would fit with a /25, or with 2 nodes fewer, or with at most 19 pods on a node',
  );
  assert.equal(shortage('dynamic', nodes(1, { wanted: 16, used: 3 }), '10.0.1.0/27'), undefined);
});
