/**
 * Weft beside rules of others on the same nodes: nftables tables with names like its own, firewalls at other priorities,
 * somebody's NAT, and what a kube-proxy leaves in iptables. They all keep working, and not a byte of them changes.
 *
 *     node-1   client, blocked       node-2   server (app: web)
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { resources } from '../../src/api/resources.ts';
import type { Service } from '../../src/api/types/core.ts';
import { createNftables } from '../../src/kernel/nft/nftables.ts';
import { families, inFamily, type Family } from '../../src/lib/address.ts';
import { hash32 } from '../../src/lib/hash.ts';
import { machineNetns, nodeNetns } from '../../src/model/fabric/default-fabric.ts';
import { networkConfigOf } from '../../src/model/network/config.ts';
import { labNodeAddress } from '../../src/model/network/lab-addresses.ts';
import { podAddresses } from '../../src/model/network/pod-addresses.ts';
import { servicesTables } from '../../src/plan/services/skeleton.ts';
import { killAgents, mismatchedElements } from '../differential/live/lab-state.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';
import { eventually } from './flow.ts';
import { policy, serviceOf } from './objects.ts';
import { pinOf } from './processes.ts';

const isThere = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;
const missing = ['nft', 'nsenter'].filter((program) => !isThere(program));
const skip =
  cannotSendPackets === false && missing.length > 0 ? `needs ${missing.join(', ')}` : cannotSendPackets;

const nodes = ['node-1', 'node-2'].map(nodeNetns);

/** Its numbers have the bit by which kubelet's rules drop, and the one by which kube-proxy's masquerade. */
const marked = Array.from({ length: 1_000 }, (_, index) => `web-${index}`).find((name) =>
  families.every((family) => {
    const number = hash32(`default/${name}:TCP/80${family === 'IPv6' ? ' IPv6' : ''}`);
    return (number & 0xc000) === 0xc000;
  }),
);

/** Beside the tables: a firewall that drops what it does not know, behind Weft's own chains and before them. */
const tables = `
table inet weft-services {
  set service-ids { type inet_service; elements = { 80, 443 }; }
  chain prerouting { type filter hook prerouting priority -100; policy accept; tcp dport @service-ids; }
}
table bridge weft-policy {
  chain forward { type filter hook forward priority 0; policy accept; }
}
table inet firewall {
  set open { type inet_service; elements = { 53, 443, 5353, 8080 }; }
  chain early { type filter hook forward priority -10; policy accept; ct state invalid drop; }
  chain late {
    type filter hook forward priority 10; policy drop;
    ct state established,related accept
    meta l4proto ipv6-icmp accept
    th dport @open accept
  }
  chain input {
    type filter hook input priority 10; policy drop;
    ct state established,related accept
    iifname "lo" accept
    meta l4proto { icmp, ipv6-icmp } accept
    udp dport 4789 accept
    tcp dport { 179, 6443, 10256 } accept
  }
}
table ip nat {
  chain PREROUTING { type nat hook prerouting priority -100; policy accept; tcp dport 31999 dnat to 192.0.2.9:80; }
  chain POSTROUTING { type nat hook postrouting priority 100; policy accept; ip saddr 192.0.2.0/24 masquerade; }
}`;

/** A table of this program alone, for as long as it runs: the kernel refuses changes of it by anybody else. */
const owned = `
table inet owned { flags owner; chain forward { type filter hook forward priority 5; policy drop; meta l4proto { tcp, udp, ipv6-icmp } accept; }; }
`;

/** What is left of a kube-proxy: in words of iptables, for either family. */
function kubeRules(family: Family): string {
  const [vip, pod] = family === 'IPv4' ? ['10.200.0.1', '10.9.9.9:80'] : ['fd00:200::1', '[fd00:9::9]:80'];
  return `*nat
:KUBE-SERVICES - [0:0]
:KUBE-SVC-ABCDEFGHIJKLMNOP - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-POSTROUTING - [0:0]
-A PREROUTING -j KUBE-SERVICES
-A OUTPUT -j KUBE-SERVICES
-A POSTROUTING -j KUBE-POSTROUTING
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -j MASQUERADE --random-fully
-A KUBE-SERVICES -d ${vip} -p tcp -m tcp --dport 80 -j KUBE-SVC-ABCDEFGHIJKLMNOP
-A KUBE-SVC-ABCDEFGHIJKLMNOP -j KUBE-MARK-MASQ
-A KUBE-SVC-ABCDEFGHIJKLMNOP -p tcp -j DNAT --to-destination ${pod}
COMMIT
*filter
:KUBE-FIREWALL - [0:0]
:KUBE-FORWARD - [0:0]
-A INPUT -j KUBE-FIREWALL
-A OUTPUT -j KUBE-FIREWALL
-A FORWARD -j KUBE-FIREWALL
-A FORWARD -j KUBE-FORWARD
-A KUBE-FIREWALL -m mark --mark 0x8000/0x8000 -j DROP
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT
COMMIT
`;
}

const variants: Readonly<Record<string, (inside: Inside) => readonly Listing[]>> = {
  'nftables tables': (inside) => {
    inside(['nft', '-f', '-'], tables);
    return [];
  },
  'iptables-nft rules': (inside) => iptables('nft', inside),
  'iptables-legacy rules': (inside) => iptables('legacy', inside),
};

type Inside = (command: readonly string[], input?: string) => string;
type Listing = () => string;

function iptables(kind: 'nft' | 'legacy', inside: Inside): Listing[] {
  return families.map((family) => {
    const word = family === 'IPv4' ? 'iptables' : 'ip6tables';
    inside([`${word}-${kind}-restore`], kubeRules(family));
    // Counters of policies and the time are no rules.
    return () => inside([`${word}-${kind}-save`]).replaceAll(/ \[\d+:\d+\]|^#.*\n/gm, '');
  });
}

for (const [what, load] of Object.entries(variants)) {
  const [, kind] = /^(iptables-\w+)/.exec(what) ?? [];
  const lacks = kind === undefined || isThere(kind) ? false : `needs ${kind}`;
  describe(`beside ${what}`, { skip: skip || lacks }, () => {
    let lab: TestLab;
    let client = '';
    let listings: readonly Listing[] = [];
    let atFirst: readonly string[] = [];
    let owners: readonly ChildProcess[] = [];

    before(async () => {
      const name = `foreign-${(kind ?? 'nft').replace('iptables-', 'ipt-')}`;
      lab = await startLab(name, { nodes: 2, config: networkConfigOf(undefined, families) });
      if (kind === undefined) owners = await Promise.all(nodes.map((netns) => ownTable(lab, netns)));
      listings = nodes.flatMap((netns) => {
        const inside = insideOf(lab, netns);
        return [...load(inside), () => withoutOwn(inside(['nft', '-a', '-s', 'list', 'ruleset']))];
      });
      atFirst = listings.map((list) => list());
      assert.ok(
        atFirst.every((text) => /KUBE-FIREWALL|table inet firewall/.test(text)) || kind?.endsWith('legacy'),
      );
      await lab.apply(objects);
      client = await lab.netnsOf('default/client');
    });
    after(async () => {
      for (const owner of owners) owner.kill();
      await lab?.down();
    });

    const objects = [
      podOn('node-1', 'default/client'),
      podOn('node-1', 'default/blocked'),
      podOn('node-2', 'default/server', { labels: { app: 'web' } }),
      ...['web', marked ?? assert.fail()].map(web),
      policy('default/blocked', {
        podSelector: { matchLabels: { name: 'blocked' } },
        policyTypes: ['Egress'],
      }),
    ];
    const unchanged = (): void => {
      for (const [index, list] of listings.entries()) assert.equal(list(), atFirst[index]);
    };
    const of = async (name: string, family: Family): Promise<Service & { address: string }> => {
      const at = { namespace: 'default', name };
      const found = (await lab.connection.client.get(resources.services, at)) ?? assert.fail();
      return { ...found, address: inFamily(found.spec.clusterIPs ?? [], family) ?? '' };
    };
    const who = async (netns: string, address: string, port: number): Promise<string> => {
      const { outcome, answer } = await lab.probe(netns, `${address}:${port}`);
      return answer === undefined ? outcome : `${answer.pod} sees ${answer.source}`;
    };
    /** Every way to a Service, in both families. */
    const works = async (): Promise<void> => {
      for (const family of families) {
        const source = inFamily(podAddresses(await lab.pod('default/client')), family) ?? '';
        for (const name of ['web', marked ?? '']) {
          const { address, spec } = await of(name, family);
          assert.equal(await who(client, address, 80), `default/server sees ${source}`, `${name} ${family}`);
          const { nodePort = 0 } = spec.ports?.[0] ?? {};
          for (const index of [0, 1]) {
            const seen = await who(machineNetns.internet, labNodeAddress(index, family), nodePort);
            assert.match(seen, /^default\/server sees /);
          }
          assert.match(await who(nodeNetns('node-1'), address, 80), /^default\/server sees /);
          assert.equal(await who(client, address, 81), 'rejected');
        }
        const blocked = await lab.netnsOf('default/blocked');
        assert.equal(await who(blocked, (await of('web', family)).address, 80), 'denied');
      }
    };

    test('Services and policies work as without them', async () => {
      await works();
      unchanged();
    });

    if (kind === undefined) {
      test('what others drop stays dropped', async () => {
        const nft = createNftables({ namespaces: lab.namespaces });
        const [node = ''] = nodes;
        nft.run(node, 'delete element inet firewall open { 8080 }');
        for (const family of families)
          assert.equal(await who(client, (await of('web', family)).address, 80), 'silent');
        nft.run(node, 'add element inet firewall open { 8080 }');
        nft.close();
        await works();
      });
    }

    test('not a byte of them changes while Services come and go', async () => {
      await lab.apply([...objects, ...['more', 'and-more'].map(web)]);
      await lab.apply(objects);
      await works();
      unchanged();
    });

    test('not a byte of them changes when agents start again and lay their tables out anew', async () => {
      const nft = createNftables({ namespaces: lab.namespaces });
      for (const netns of nodes) {
        for (const { family, table } of Object.values(servicesTables))
          nft.run(
            netns,
            `add chain ${family} ${table} of-an-older-layout\nadd rule ${family} ${table} of-an-older-layout drop`,
          );
      }
      nft.close();
      await killAgents(lab);
      await mismatchedElements(lab);
      const [node = ''] = nodes;
      assert.ok(!insideOf(lab, node)(['nft', 'list', 'ruleset']).includes('of-an-older-layout'));
      await works();
      unchanged();
    });

    test('not a byte of them changes when a node leaves, and all of Weft’s is gone from it', async () => {
      await lab.connection.client.delete(resources.nodes, { name: 'node-2' });
      const inside = insideOf(lab, nodeNetns('node-2'));
      const own = (): string[] => inside(['nft', 'list', 'tables']).match(/table ip6? weft-\S+/g) ?? [];
      await eventually('its tables are gone', () => own().length === 0);
      unchanged();
    });
  });
}

function web(name: string): Service {
  const ports = [{ name: 'http', port: 80, targetPort: 8080 }];
  return serviceOf(name, {
    type: 'NodePort',
    ipFamilyPolicy: 'RequireDualStack',
    selector: { app: 'web' },
    ports,
  });
}

/** Runs programs in a namespace of the lab. */
function insideOf(lab: TestLab, netns: string): Inside {
  return (command, input = '') => {
    const args = [`--net=${pinOf(lab, netns)}`, ...command];
    const { status, stdout, stderr } = spawnSync('nsenter', args, { encoding: 'utf8', input });
    assert.equal(status, 0, `${command.join(' ')}: ${stderr}`);
    return stdout;
  };
}

/** Starts a program that has a table of its own in a namespace of the lab. */
async function ownTable(lab: TestLab, netns: string): Promise<ChildProcess> {
  const owner = spawn('nsenter', [`--net=${pinOf(lab, netns)}`, 'nft', '-i'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  owner.stdin.write(owned);
  const inside = insideOf(lab, netns);
  await eventually('it has its table', () => inside(['nft', 'list', 'ruleset']).includes('flags owner'));
  return owner;
}

/** The listing without Weft's own tables. */
function withoutOwn(listing: string): string {
  const all = listing.split(/^(?=table )/m);
  return all.filter((text) => !/^table ip6? weft-/.test(text)).join('');
}
