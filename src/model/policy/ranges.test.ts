import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseAddress } from '../../lib/address.ts';
import { formatRange } from '../../lib/prefix.ts';
import { formatPorts, unionPorts, type PortSet } from './port-set.ts';
import { flattenRanges, inRange, rangesOfBlock, wholeSpace, type PortsOfRange } from './ranges.ts';

const blocks: [Parameters<typeof rangesOfBlock>[0], string[], string][] = [
  [{ cidr: '10.0.0.0/8' }, ['10.0.0.0/8'], 'a block without exceptions is one range'],
  [{ cidr: '10.0.0.0/30', except: ['10.0.0.0/32'] }, ['10.0.0.1-10.0.0.3'], 'a hole at the start'],
  [{ cidr: '10.0.0.0/30', except: ['10.0.0.3/32'] }, ['10.0.0.0-10.0.0.2'], 'a hole at the end'],
  [
    { cidr: '0.0.0.0/0', except: ['10.0.0.0/8', '11.0.0.0/8'] },
    ['0.0.0.0-9.255.255.255', '12.0.0.0-255.255.255.255'],
    'neighbouring holes',
  ],
  [{ cidr: '10.0.0.0/8', except: ['10.0.0.0/8'] }, [], 'a hole as large as the block'],
  [{ cidr: '10.0.0.0/8', except: ['192.0.2.0/24'] }, ['10.0.0.0/8'], 'a hole elsewhere'],
  [{ cidr: '10.0.0.7/8' }, ['10.0.0.0/8'], 'host bits do not matter'],
  [{ cidr: '2001:db8::/32', except: ['10.0.0.0/8'] }, ['2001:db8::/32'], 'a hole of the other family'],
  [{ cidr: 'nonsense' }, [], 'what is no prefix holds nothing'],
];

for (const [block, expected, name] of blocks) {
  test(`an address block: ${name}`, () => {
    assert.deepEqual(rangesOfBlock(block).map(formatRange), expected);
  });
}

const range = (first: bigint, size: bigint): PortsOfRange['range'] => ({
  first: { family: 'IPv4', value: first },
  last: { family: 'IPv4', value: first + size },
});
const portSets: PortSet[] = [
  'all',
  [],
  [{ protocol: 'TCP', first: 1, last: 5 }],
  [{ protocol: 'TCP', first: 4, last: 9 }],
];
const entry: fc.Arbitrary<PortsOfRange> = fc
  .tuple(fc.bigInt(0n, 30n), fc.bigInt(0n, 10n), fc.constantFrom(...portSets))
  .map(([first, size, ports]) => ({ range: range(first, size), ports }));

test('flattened ranges are disjoint, ascending, as few as possible, and say the same of every address', () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 6 }), (entries) => {
      const flat = flattenRanges(entries);
      for (let value = 0n; value <= 42n; value++) {
        const at = (list: readonly PortsOfRange[]): string[] => {
          const covering = list.filter((one) => inRange(one.range, { family: 'IPv4', value }));
          return formatPorts(covering.map(({ ports }) => ports).reduce(unionPorts, []));
        };
        assert.deepEqual(at(flat), at(entries));
      }
      for (const [index, { range, ports }] of flat.entries()) {
        assert.notDeepEqual(ports, []);
        const next = flat[index + 1];
        if (next === undefined) continue;
        assert.ok(range.last.value < next.range.first.value);
        const isAdjacent = range.last.value + 1n === next.range.first.value;
        assert.ok(!isAdjacent || formatPorts(ports).join() !== formatPorts(next.ports).join());
      }
    }),
  );
});

test('the whole space of a family holds its first and last address and none of the other family', () => {
  const whole = wholeSpace('IPv4');
  assert.equal(formatRange(whole), '0.0.0.0/0');
  assert.equal(formatRange(wholeSpace('IPv6')), '::/0');
  const address = parseAddress('::1');
  assert.ok(address);
  assert.equal(inRange(whole, address), false);
});
