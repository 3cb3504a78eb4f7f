import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { NftElement, NftElementChange, Nftables, NftSetType, NftValue, NftVerdict } from './port.ts';

export interface NftablesCase {
  readonly label: string;
  /** False, or the reason. */
  readonly skip: string | false;
  /** An adapter and a namespace without tables. */
  readonly make: () => { readonly nft: Nftables; readonly namespace: string };
  /** Takes away what `make` needed, after `close`. */
  readonly cleanUp: () => void;
}

const table = { family: 'inet', table: 'weft-test' } as const;

/** Every shape of key and value that Weft's tables use. */
const types = {
  protocols: { key: ['inet_proto'] },
  ports: { key: ['inet_service'] },
  addresses6: { key: ['ipv6_addr'] },
  links: { key: ['ifname', 'ipv4_addr'] },
  services: { key: ['ipv4_addr', 'inet_proto', 'inet_service'], value: ['mark'] },
  chains: { key: ['ipv4_addr', 'inet_proto', 'inet_service'], value: ['verdict'] },
  slot: { key: ['mark'], value: ['ipv4_addr', 'inet_service'] },
  marks: { key: ['mark'], interval: true },
  cidrs: { key: ['ipv4_addr'], interval: true },
  'cidr-verdicts': { key: ['ipv6_addr'], value: ['verdict'], interval: true },
  groups: { key: ['mark', 'inet_proto', 'inet_service'], interval: true },
  ranges: { key: ['ipv4_addr', 'ipv4_addr'], value: ['mark'], interval: true },
  clients: { key: ['mark', 'bytes12'], value: ['ipv6_addr'] },
} as const satisfies Record<string, NftSetType>;

type SetName = keyof typeof types;

const declarations = Object.entries<NftSetType>(types).map(([name, { key, value, interval }]) => {
  const type = value === undefined ? key.join(' . ') : `${key.join(' . ')} : ${value.join(' . ')}`;
  if (name === 'clients') return `map clients { typeof meta mark . @nh,96,96 : ip6 daddr; }`;
  return `${value === undefined ? 'set' : 'map'} ${name} { type ${type};${interval === true ? ' flags interval;' : ''} }`;
});

const skeleton = `
# Comments are allowed.
table inet ${table.table} {
  ${declarations.join('\n  ')}
  chain target { }
  chain other {
    ip daddr . meta l4proto . th dport vmap @chains
    meta l4proto { tcp, udp } jump target; drop
  }
  chain base {
    type filter hook input priority 0; policy accept;
    meta mark . meta l4proto . th dport @groups log group 7 prefix "x { y" goto other
  }
}`;

const add = (set: SetName, element: NftElement): NftElementChange => change('add', set, element);
const del = (set: SetName, element: NftElement): NftElementChange => change('delete', set, element);

function change(action: 'add' | 'delete', set: SetName, element: NftElement): NftElementChange {
  return { ...table, action, set, type: types[set], element };
}

const range = (key: readonly NftValue[], keyEnd: readonly NftValue[]): NftElement => ({ key, keyEnd });
const goto = (chain: string): NftVerdict => ({ verdict: 'goto', chain });

/** What every implementation of `Nftables` does. */
export function nftablesCompliance({ label, skip, make, cleanUp }: NftablesCase): void {
  describe(label, { skip }, () => {
    let nft: Nftables;
    let namespace: string;

    before(() => ({ nft, namespace } = make()));
    after(() => {
      nft.close();
      cleanUp();
    });
    beforeEach(() => {
      nft.run(namespace, `add table inet ${table.table}\ndelete table inet ${table.table}`);
      nft.run(namespace, skeleton);
    });

    const elementsOf = (set: SetName): NftElement[] => nft.elements(namespace, { ...table, set }, types[set]);
    const holds = (set: SetName, wanted: readonly NftElement[]): boolean =>
      nft.holds(namespace, { ...table, set }, types[set], wanted);
    const change = (...changes: NftElementChange[]): void => nft.change(namespace, changes);

    test('the same long list of changes can be sent again, and means the same each time', () => {
      const elements = Array.from({ length: 2_000 }, (_, mark) => ({
        key: [mark],
        value: ['10.244.1.2', 8080],
      }));
      const changes = elements.map((element) => add('slot', element));
      const seventh = { key: [7], value: ['10.244.1.2', 8080] };
      nft.change(namespace, changes);
      change(del('slot', seventh));
      nft.change(namespace, changes);
      assert.ok(holds('slot', elements));
      change(del('slot', seventh), add('slot', { key: [7], value: ['10.244.1.3', 8080] }));
      assert.throws(() => nft.change(namespace, changes), { code: 'nft-conflict' });
    });

    test('elements of every type come back as they were added', () => {
      const elements: Readonly<Record<SetName, readonly NftElement[]>> = {
        protocols: [{ key: ['tcp'] }, { key: ['sctp'] }, { key: [200] }],
        ports: [{ key: [0] }, { key: [65_535] }],
        addresses6: [{ key: ['fd00::1'] }, { key: ['::'] }],
        links: [{ key: ['veth-0123456789', '10.0.0.1'] }, { key: ['e', '10.0.0.1'] }],
        services: [{ key: ['10.96.0.1', 'tcp', 443], value: [0xffff_ffff] }],
        chains: [
          { key: ['10.96.0.1', 'tcp', 443], value: goto('target') },
          { key: ['10.96.0.1', 'udp', 443], value: { verdict: 'jump', chain: 'target' } },
          { key: ['10.96.0.2', 'udp', 1], value: { verdict: 'drop' } },
          { key: ['10.96.0.3', 'udp', 1], value: { verdict: 'accept' } },
          { key: ['10.96.0.4', 'udp', 1], value: { verdict: 'return' } },
        ],
        slot: [{ key: [258], value: ['10.244.1.2', 8080] }],
        marks: [range([1], [300]), range([301], [302]), { key: [0x0100_0000] }],
        cidrs: [
          range(['0.0.0.0'], ['0.255.255.255']),
          range(['10.0.0.0'], ['10.0.0.255']),
          range(['10.0.1.0'], ['10.0.1.255']),
          { key: ['192.0.2.1'] },
          range(['240.0.0.0'], ['255.255.255.255']),
        ],
        'cidr-verdicts': [{ ...range(['fd00::'], ['fd00::ffff']), value: goto('target') }],
        groups: [range([2, 'tcp', 80], [2, 'tcp', 90]), { key: [2, 'udp', 53] }],
        ranges: [{ ...range(['10.0.0.1', '10.9.0.0'], ['10.0.0.1', '10.9.255.255']), value: [7] }],
        clients: [{ key: [7, '0244000000000000000000ff'], value: ['fd00::1'] }],
      };
      for (const [set, expected] of Object.entries(elements) as [SetName, readonly NftElement[]][]) {
        change(...expected.map((element) => add(set, element)));
        assert.deepEqual(sorted(elementsOf(set)), sorted(expected), set);
        assert.ok(holds(set, expected), set);
        change(...expected.map((element) => del(set, element)));
        assert.deepEqual(elementsOf(set), [], set);
      }
    });

    test('a set holds what it holds, and nothing less, more or else', () => {
      const [one, two] = [
        { key: ['10.96.0.1', 'tcp', 443], value: goto('target') },
        { key: ['10.96.0.1', 'udp', 443], value: { verdict: 'drop' } },
      ] as const;
      change(add('chains', one), add('chains', two));
      assert.ok(holds('chains', [two, one]));
      assert.ok(!holds('chains', [one]));
      assert.ok(!holds('chains', [one, two, { ...one, key: ['10.96.0.2', 'tcp', 443] }]));
      assert.ok(!holds('chains', [one, { ...two, value: { verdict: 'accept' } }]));
      assert.ok(!holds('chains', [two, { ...one, value: { ...goto('target'), verdict: 'jump' } }]));
      assert.ok(!holds('chains', [two, { ...one, key: ['10.96.0.1', 'tcp', 444] }]));
      change(add('cidrs', range(['10.0.0.0'], ['10.0.0.255'])));
      assert.ok(holds('cidrs', [range(['10.0.0.0'], ['10.0.0.255'])]));
      assert.ok(!holds('cidrs', [range(['10.0.0.0'], ['10.0.0.254'])]));
      assert.ok(holds('addresses6', []));
      change(add('addresses6', { key: ['fd00::1'] }));
      assert.ok(holds('addresses6', [{ key: ['fd00:0::1'] }]), 'however it is written');
      assert.throws(() => nft.holds(namespace, { ...table, set: 'nowhere' }, types.ports, []), {
        code: 'nft-missing',
      });
    });

    test('adding what is there does nothing, with another value it is a conflict', () => {
      const entry = { key: ['10.96.0.1', 'tcp', 443], value: [1] };
      const interval = range(['10.0.0.0'], ['10.0.0.255']);
      change(add('services', entry), add('cidrs', interval), add('protocols', { key: ['tcp'] }));
      change(add('services', entry), add('cidrs', interval), add('protocols', { key: ['tcp'] }));
      assert.throws(() => change(add('services', { ...entry, value: [2] })), { code: 'nft-conflict' });
      assert.deepEqual(elementsOf('services'), [entry]);
    });

    test('a value changes by delete and add in one batch, whatever comes between', () => {
      const key = ['10.96.0.1', 'tcp', 443];
      change(add('services', { key, value: [1] }), add('chains', { key, value: goto('target') }));
      change(
        del('services', { key, value: [1] }),
        del('chains', { key, value: goto('target') }),
        add('services', { key, value: [2] }),
        add('chains', { key, value: { verdict: 'drop' } }),
      );
      assert.deepEqual(elementsOf('services'), [{ key, value: [2] }]);
      assert.deepEqual(elementsOf('chains'), [{ key, value: { verdict: 'drop' } }]);
      const pod = ['10.0.0.1', '10.9.0.0'];
      const before = { ...range(pod, ['10.0.0.1', '10.9.255.255']), value: [7] };
      const after = { ...range(pod, ['10.0.0.1', '10.9.127.255']), value: [8] };
      change(add('ranges', before));
      change(del('ranges', before), add('ranges', after));
      assert.deepEqual(elementsOf('ranges'), [after]);
    });

    test('a batch is applied as a whole or not at all', () => {
      const missing = del('ports', { key: [2] });
      assert.throws(() => change(add('protocols', { key: ['tcp'] }), add('ports', { key: [1] }), missing), {
        code: 'nft-conflict',
        message: /delete \{ 2 \} in inet weft-test ports: ENOENT/,
      });
      assert.deepEqual([elementsOf('protocols'), elementsOf('ports')], [[], []]);
    });

    test('an interval that overlaps another one is a conflict', () => {
      change(
        add('cidrs', range(['10.0.0.0'], ['10.0.0.255'])),
        add('groups', range([2, 'tcp', 80], [2, 'tcp', 90])),
      );
      const overlaps = [
        add('cidrs', range(['10.0.0.128'], ['10.0.1.0'])),
        add('cidrs', { key: ['10.0.0.255'] }),
        add('groups', range([2, 'tcp', 90], [2, 'tcp', 99])),
      ];
      for (const overlap of overlaps) assert.throws(() => change(overlap), { code: 'nft-conflict' });
      change(add('cidrs', { key: ['10.0.1.0'] }), add('groups', range([3, 'tcp', 80], [3, 'tcp', 90])));
    });

    test('what is missing is a conflict, what does not fit the set is rejected', () => {
      const key = ['10.96.0.1', 'tcp', 443];
      const conflicts = [
        add('chains', { key, value: goto('nowhere') }),
        { ...add('ports', { key: [1] }), set: 'nowhere' },
        { ...add('ports', { key: [1] }), table: 'nowhere' },
        del('chains', { key, value: goto('target') }),
      ];
      for (const conflict of conflicts) assert.throws(() => change(conflict), { code: 'nft-conflict' });
      const misfits = [
        { ...add('ports', { key: ['tcp'] }), type: types.protocols },
        { ...add('slot', { key: [1] }), type: { key: ['mark'] } as const },
        {
          ...add('ports', { key: [1], value: [2] }),
          type: { key: ['inet_service'], value: ['mark'] } as const,
        },
      ];
      for (const misfit of misfits) assert.throws(() => change(misfit), { code: 'nft-rejected' });
    });

    test('values that their type cannot hold never leave the program', () => {
      const impossible: NftElementChange[] = [
        add('ports', { key: [65_536] }),
        add('ports', { key: [1.5] }),
        add('ports', { key: ['80'] }),
        add('ports', { key: [1], keyEnd: [2] }),
        add('protocols', { key: ['TCP'] }),
        add('links', { key: ['x'.repeat(16), '10.0.0.1'] }),
        add('links', { key: ['eth0', 'fd00::1'] }),
        add('links', { key: ['eth0'] }),
        add('slot', { key: [1] }),
        add('chains', { key: ['10.0.0.1', 'tcp', 1], value: { verdict: 'goto' } }),
        add('slot', { key: [1], value: { verdict: 'drop' } }),
        add('cidrs', range(['10.0.0.2'], ['10.0.0.1'])),
      ];
      for (const change of impossible) {
        assert.throws(
          () => nft.change(namespace, [change]),
          { code: 'nft-value' },
          JSON.stringify(change.element),
        );
      }
    });

    test('a missing set is nft-missing, an empty change is none', () => {
      const missing = { ...table, set: 'nowhere' };
      assert.throws(() => nft.elements(namespace, missing, types.ports), { code: 'nft-missing' });
      nft.change(namespace, []);
    });

    test('tables are listed by family', () => {
      nft.run(namespace, 'add table ip weft-test-4');
      assert.deepEqual(nft.tables(namespace, 'inet'), ['weft-test']);
      assert.deepEqual(nft.tables(namespace, 'ip'), ['weft-test-4']);
      assert.deepEqual(nft.tables(namespace, 'ip6'), []);
      nft.run(namespace, 'delete table ip weft-test-4');
      assert.deepEqual(nft.tables(namespace, 'ip'), []);
    });

    test('skeletons can be loaded again and grown', () => {
      change(add('ports', { key: [1] }));
      nft.run(namespace, `flush chain inet weft-test other\n${skeleton}`);
      nft.run(
        namespace,
        'add map inet weft-test slot-1 { type mark : ipv4_addr . inet_service; }\n' +
          'add chain inet weft-test of-1\nflush chain inet weft-test of-1\n' +
          'add rule inet weft-test of-1 goto target',
      );
      assert.deepEqual(elementsOf('ports'), [{ key: [1] }]);
      nft.run(namespace, 'flush set inet weft-test ports');
      assert.deepEqual(elementsOf('ports'), []);
    });

    test('the digest of rules changes with them and with nothing else', () => {
      const digest = (): number => nft.rulesDigest(namespace, table);
      const before = digest();
      change(add('ports', { key: [1] }));
      nft.run(namespace, 'add table ip weft-test\nadd chain ip weft-test x\nadd rule ip weft-test x drop');
      assert.equal(digest(), before);
      nft.run(namespace, 'flush chain inet weft-test other');
      const flushed = digest();
      assert.notEqual(flushed, before);
      nft.run(namespace, 'add rule inet weft-test other accept');
      assert.notEqual(digest(), flushed);
      nft.run(namespace, `delete table inet weft-test\n${skeleton}`);
      assert.equal(digest(), before);
      nft.run(namespace, 'delete table inet weft-test');
      assert.notEqual(digest(), before);
      assert.equal(digest(), nft.rulesDigest(namespace, { family: 'ip6', table: 'nowhere' }));
    });

    test('the generation is another one after each transaction, and the same as long as there is none', () => {
      const generations = new Set([nft.generation(namespace)]);
      nft.run(namespace, 'add chain inet weft-test fresh');
      generations.add(nft.generation(namespace));
      change(add('ports', { key: [1] }));
      generations.add(nft.generation(namespace));
      assert.equal(generations.size, 3);
      assert.throws(() => nft.run(namespace, 'add rule inet weft-test nowhere drop'));
      elementsOf('ports');
      assert.ok(generations.has(nft.generation(namespace)));
    });

    test('a refused command changes nothing', () => {
      const refused = [
        'add chain inet weft-test fresh\nadd rule inet weft-test nowhere drop',
        'add chain inet weft-test fresh\nadd rule inet weft-test fresh goto nowhere',
        'add chain inet weft-test fresh\nadd rule inet weft-test fresh tcp dport @nowhere drop',
        'add chain inet weft-test fresh\nflush set inet weft-test nowhere',
        'add chain inet weft-test fresh\nadd set inet weft-test ports { type mark; }',
        'delete table inet nowhere',
        'delete chain inet weft-test target',
        'delete set inet weft-test groups',
        'add chain inet weft-test fwd',
        'table inet weft-test {',
        'nonsense',
      ];
      for (const text of refused)
        assert.throws(() => nft.run(namespace, text), { code: 'nft-rejected' }, text);
      nft.run(namespace, 'add chain inet weft-test fresh');
      nft.run(namespace, 'delete chain inet weft-test fresh');
    });

    test('a chain that an element goes to is in use', () => {
      const element = { key: ['10.96.0.1', 'tcp', 443], value: goto('fresh') };
      nft.run(namespace, 'add chain inet weft-test fresh');
      change(add('chains', element));
      const deletion = 'delete chain inet weft-test fresh';
      assert.throws(() => nft.run(namespace, deletion), { code: 'nft-rejected' });
      change(del('chains', element));
      nft.run(namespace, deletion);
    });
  });
}

function sorted(elements: readonly NftElement[]): NftElement[] {
  return elements.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
