import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { createFakeNftables } from '../kernel/nft/fake.ts';
import type { NftElementChange } from '../kernel/nft/port.ts';
import type { Lingering } from '../plan/elements/ledger.ts';
import type { PlannedElement } from '../plan/elements/planned-elements.ts';
import { createManagedTable, type ManagedTable } from './nft-table.ts';
import { recording, type Recorded } from '../kernel/nft/recording.ts';

const table = { family: 'ip', table: 'weft-test' } as const;
const types = {
  groups: { key: ['ipv4_addr'], value: ['mark'] },
  ports: { key: ['mark', 'inet_service'], interval: true },
} as const;
const skeleton =
  'table ip weft-test {\n  map groups { type ipv4_addr : mark; }\n  set ports { type mark . inet_service; flags interval; }\n}';
const address = '10.0.0.1';

/** Who is at the address is in a group, and a group has ports. */
const open = (group: number, port: number): PlannedElement[] => [
  { set: 'groups', key: [address], value: [group] },
  { set: 'ports', key: [group, port] },
];

describe('what is looked up by what others say', () => {
  let nft: Recorded;
  let held: Set<number>;
  let managed: ManagedTable;

  const words = ({ action, element: { key, value } }: NftElementChange): string =>
    `${action} ${key.join('.')}${value === undefined || 'verdict' in value ? '' : `=${value.join('.')}`}`;
  const sent = (): string[][] => nft.batches.map((changes) => changes.map(words));
  /** Sets what there is, sends it, and returns the transactions. */
  const commit = (elements: PlannedElement[]): string[][] => {
    nft.batches.length = 0;
    managed.set('owner', elements);
    managed.commit();
    return sent();
  };

  beforeEach(() => {
    held = new Set();
    nft = recording(createFakeNftables());
    const lingering: Lingering = {
      mayLinger: (set) => set === 'ports',
      goesAhead: (set) => (set === 'ports' ? 1 : 0),
      isHarmless: ({ key: [group] }) => !held.has(Number(group)),
    };
    managed = createManagedTable({
      nft,
      netns: 'node',
      table,
      types,
      lingering,
      skeleton,
      sets: () => Object.keys(types),
    });
    managed.start();
    commit(open(1, 80));
  });

  test('goes ahead of what leads there, and stays for one transaction after it', () => {
    assert.deepEqual(commit(open(2, 81)), [['add 2.81'], ['delete 10.0.0.1=1', 'add 10.0.0.1=2']]);
    assert.deepEqual(commit(open(3, 82)), [
      ['add 3.82'],
      ['delete 1.80', 'delete 10.0.0.1=2', 'add 10.0.0.1=3'],
    ]);
  });

  test('goes when the table is tidied, once', () => {
    commit(open(2, 81));
    nft.batches.length = 0;
    managed.tidy();
    managed.tidy();
    assert.deepEqual(sent(), [['delete 1.80']]);
  });

  test('stays when somebody wants it again', () => {
    commit(open(2, 81));
    assert.deepEqual(commit(open(1, 80)), [['delete 10.0.0.1=2', 'add 10.0.0.1=1']]);
    nft.batches.length = 0;
    managed.tidy();
    assert.deepEqual(sent(), [['delete 2.81']]);
  });

  test('goes at once where it would mean something', () => {
    held.add(1);
    assert.deepEqual(commit(open(2, 81))[1], ['delete 1.80', 'delete 10.0.0.1=1', 'add 10.0.0.1=2']);
  });

  test('does not go ahead where a range of the same may be in the way', () => {
    held.add(1);
    const [only, ...more] = commit([
      { set: 'groups', key: [address], value: [1] },
      { set: 'ports', key: [1, 80], keyEnd: [1, 90] },
    ]);
    assert.deepEqual([only, more], [['delete 1.80', 'add 1.80'], []]);
  });

  test('is no drift while it lingers', () => {
    commit(open(2, 81));
    assert.equal(managed.repair(), 0);
  });
});
