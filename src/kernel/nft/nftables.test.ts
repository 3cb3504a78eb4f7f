import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { NetworkNamespaces } from '../netns/port.ts';
import { createNetworkNamespaces } from '../netns/real.ts';
import { nftablesCompliance } from './nft.compliance.ts';
import { createNftables } from './nftables.ts';
import type { NftElement, NftElementChange, Nftables } from './port.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

let namespaces: NetworkNamespaces;
let directory: string;

function makeNamespaces(): void {
  directory = mkdtempSync(join(tmpdir(), 'weft-nft-'));
  namespaces = createNetworkNamespaces({ directory });
}

function removeNamespaces(): void {
  for (const name of namespaces.list()) namespaces.delete(name);
  namespaces.close();
  rmSync(directory, { recursive: true });
}

nftablesCompliance({
  label: "the kernel's nftables",
  skip,
  make() {
    makeNamespaces();
    namespaces.create('node');
    return { nft: createNftables({ namespaces }), namespace: 'node' };
  },
  cleanUp: removeNamespaces,
});

describe("the kernel's nftables in several namespaces", { skip }, () => {
  let nft: Nftables;

  before(() => {
    makeNamespaces();
    nft = createNftables({ namespaces });
    for (const name of ['a', 'b']) namespaces.create(name);
  });
  after(() => {
    nft.close();
    removeNamespaces();
  });

  test('commands and changes stay in their namespace', () => {
    nft.run('a', 'table ip t { set s { type mark; }\n }');
    nft.run('b', 'table ip u { set s { type mark; }\n }');
    assert.deepEqual([nft.tables('a', 'ip'), nft.tables('b', 'ip')], [['t'], ['u']]);
    const set = { family: 'ip', table: 't', set: 's' } as const;
    nft.change('a', [{ ...set, action: 'add', type: { key: ['mark'] }, element: { key: [1] } }]);
    assert.deepEqual(nft.elements('a', set, { key: ['mark'] }), [{ key: [1] }]);
    assert.throws(() => nft.elements('b', set, { key: ['mark'] }), { code: 'nft-missing' });
  });

  test('a forgotten namespace is opened again, a missing one is netns-missing', () => {
    nft.forget('a');
    nft.run('a', 'add table ip t');
    assert.deepEqual(nft.tables('a', 'ip'), ['t']);
    assert.throws(() => nft.tables('nowhere', 'ip'), { code: 'netns-missing' });
    assert.throws(() => nft.run('nowhere', 'add table ip t'), { code: 'netns-missing' });
  });

  test("a refusal carries nft's own words", () => {
    assert.throws(() => nft.run('a', 'add rule ip t nowhere drop'), { message: /No such file or directory/ });
    assert.throws(() => nft.run('a', 'add chian ip t c'), { message: /syntax error/ });
  });

  test('sets that nft filled are read, with intervals and a start before the first one', () => {
    nft.run(
      'a',
      `table ip t {
        set marks { type mark; flags interval; elements = { 0x1-0x5, 0x9 } }
        set groups { type mark . inet_service; flags interval; elements = { 0x100-0x200 . 80-90 } }
        map links { type ifname : mark; elements = { "eth0" : 0x7 } }
      }`,
    );
    const elements = (set: string, type: Parameters<Nftables['elements']>[2]): NftElement[] =>
      nft.elements('a', { family: 'ip', table: 't', set }, type);
    assert.deepEqual(elements('marks', { key: ['mark'], interval: true }), [
      { key: [1], keyEnd: [5] },
      { key: [9] },
    ]);
    assert.deepEqual(elements('groups', { key: ['mark', 'inet_service'], interval: true }), [
      { key: [256, 80], keyEnd: [512, 90] },
    ]);
    assert.deepEqual(elements('links', { key: ['ifname'], value: ['mark'] }), [
      { key: ['eth0'], value: [7] },
    ]);
    assert.throws(() => elements('links', { key: ['mark'] }), { code: 'nft-malformed' });
  });

  test('20,000 elements of two sets, in turns, make one batch', () => {
    nft.run(
      'a',
      `table ip big {
        map ids { type ipv4_addr . inet_proto . inet_service : mark; }
        set cidrs { type ipv4_addr; flags interval; }
      }`,
    );
    const ids = { key: ['ipv4_addr', 'inet_proto', 'inet_service'], value: ['mark'] } as const;
    const cidrs = { key: ['ipv4_addr'], interval: true } as const;
    const changes = Array.from({ length: 10_000 }, (_, index): NftElementChange[] => {
      const net = `10.${index >> 8}.${index & 255}`;
      const base = { family: 'ip', table: 'big', action: 'add' } as const;
      return [
        { ...base, set: 'ids', type: ids, element: { key: [`${net}.1`, 'tcp', 80], value: [index] } },
        { ...base, set: 'cidrs', type: cidrs, element: { key: [`${net}.0`], keyEnd: [`${net}.127`] } },
      ];
    }).flat();
    nft.change('a', changes);
    const size = (set: string, type: Parameters<Nftables['elements']>[2]): number =>
      nft.elements('a', { family: 'ip', table: 'big', set }, type).length;
    assert.deepEqual([size('ids', ids), size('cidrs', cidrs)], [10_000, 10_000]);
    const [first] = changes;
    const last = changes.at(-1);
    assert.ok(first !== undefined && last !== undefined);
    const wrong = {
      ...last,
      element: { key: ['10.0.0.1', 'udp', 1], value: [1] },
      set: 'ids',
      type: ids,
    } as const;
    assert.throws(() => nft.change('a', [...changes, { ...wrong, action: 'delete' }]), {
      code: 'nft-conflict',
      message: /10\.0\.0\.1 \. udp \. 1/,
    });
  });
});
