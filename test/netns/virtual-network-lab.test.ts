/**
 * A lab whose nodes are machines of a virtual network.
 *
 *     default 172.20.0.0/16    nodes 172.20.0.0/17: node-1 172.20.1.1, node-2 172.20.1.2, control 172.20.0.10
 *                              machines 172.20.128.0/24: vm:web
 *     far     10.9.0.0/16      one 10.9.1.0/24: vm:away
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fabricResources } from '../../src/api/resources.ts';
import type { Pod } from '../../src/api/types/core.ts';
import type { VirtualMachine } from '../../src/api/types/fabric.ts';
import { machineNetns, nodeNetns } from '../../src/model/fabric/default-fabric.ts';
import { virtualMachineNetns } from '../../src/model/fabric/network/machine-interfaces.ts';
import { platformAddress } from '../../src/model/fabric/network/platform.ts';
import { createNameServer } from '../../src/dns/name-server.ts';
import { createNftables } from '../../src/kernel/nft/nftables.ts';
import { createRouteNetlink } from '../../src/kernel/route/real.ts';
import { networksTable } from '../../src/plan/networks/skeleton.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { sameJson } from '../../src/lib/same-json.ts';
import { internetAnswer } from '../../src/model/dns/internet-zone.ts';
import { defaultNetworkConfig } from '../../src/model/network/config.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';
import { fabricObject, machine, network } from '../support/networks.ts';
import { weft } from '../support/weft.ts';
import { addressesAt } from './dns-client.ts';
import { eventually } from './flow.ts';

describe('a lab in a virtual network', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  before(async () => {
    lab = await startLab('vnet', { nodes: 2, config: { ...defaultNetworkConfig, model: 'kubenet' } });
  });
  after(async () => lab?.down());

  const seen = async (netns: string, target: string): Promise<string> => {
    const result = await lab.probe(netns, target);
    return result.answer?.source ?? result.outcome;
  };

  test('nodes reach each other, the API server and the internet', async () => {
    assert.equal(await seen(nodeNetns('node-1'), '172.20.1.2:9'), 'refused');
    assert.match(await seen(nodeNetns('node-1'), '203.0.113.10:80'), /^203\.0\.113\./);
    const { outcome } = await lab.probe(nodeNetns('node-2'), '172.20.0.10:6443');
    assert.equal(outcome, 'answered');
    assert.equal(await seen(machineNetns.internet, '172.20.1.1:9'), 'silent');
  });

  test('what cannot be is refused by the API, which names the field', async () => {
    const { client } = lab.connection;
    const taken = machine('bad', 'default/nodes', { addresses: ['172.20.1.1'] });
    const refused = /spec\.interfaces\[0\]\.addresses\[0\].*is the address of node node-1/s;
    await assert.rejects(client.create(fabricResources.virtualmachines, taken as VirtualMachine), refused);
    const networks = fabricResources.virtualnetworks;
    const body = { spec: { subnets: [{ name: 'nodes', prefix: '172.20.0.0/28' }] } };
    await assert.rejects(
      client.patch(networks, { name: 'default' }, { body }),
      /172\.20\.1\.1 of node node-1/,
    );
  });

  test('somebody who takes away rules, routes or a cable is found out, and all is mended', async () => {
    const nft = createNftables({ namespaces: lab.namespaces });
    const route = createRouteNetlink({ namespaces: lab.namespaces });
    const isWell = async (): Promise<boolean> => {
      const flows = ['172.20.1.2:9', '203.0.113.10:80'].map((target) => seen(nodeNetns('node-1'), target));
      const [refused = '', source = ''] = await Promise.all(flows);
      return refused === 'refused' && /^203\.0\.113\.(?!10$)/.test(source);
    };
    try {
      nft.run(machineNetns.networks, `delete table ${networksTable.family} ${networksTable.table}`);
      const isBack = (): boolean => nft.tables(machineNetns.networks, 'ip').includes(networksTable.table);
      await eventually('the table is back', isBack);
      await eventually('after rules', isWell);
      const { routes, links } = route.dump(machineNetns.networks);
      const inTables = routes.filter(({ table }) => table !== undefined);
      assert.ok(inTables.length > 4);
      route.apply(
        machineNetns.networks,
        inTables.map((one) => ({ action: 'delete-route', route: one }) as const),
      );
      const isWhole = (): boolean => route.dump(machineNetns.networks).routes.length === routes.length;
      await eventually('the routes are back', isWhole);
      const cable = [...links.keys()].find((name) => name.includes('node-1')) ?? '';
      route.apply(machineNetns.networks, [{ action: 'delete-link', name: cable }]);
      await eventually(
        'the cable is back',
        async () => route.dump(machineNetns.networks).links.has(cable) && (await isWell()),
      );
    } finally {
      nft.close();
      route.close();
    }
  });

  test('a machine that is added is given an address, answers, and is gone again', async () => {
    const { client } = lab.connection;
    await client.create(
      fabricResources.virtualmachines,
      machine('web', 'default/machines') as VirtualMachine,
    );
    await eventually('the machine answers', async () => {
      const found = await client.get(fabricResources.virtualmachines, { name: 'web' });
      const isTold = sameJson(found?.status?.interfaces, [{ name: 'eth0', addresses: ['172.20.128.4'] }]);
      return isTold && (await seen(nodeNetns('node-1'), '172.20.128.4:80')) === '172.20.1.1';
    });
    await client.delete(fabricResources.virtualmachines, { name: 'web' });
    await eventually('the machine is gone', () => !lab.namespaces.list().includes('vm-web'));
  });

  test('private zones are answered in the networks that are linked, to pods through cluster DNS', async () => {
    const plain = podOn('node-1', 'default/as-node');
    const asNode: Pod = { ...plain, spec: { ...plain.spec, dnsPolicy: 'Default' } };
    const record = (address: string): object => ({ name: 'db', type: 'A', values: [address] });
    await lab.apply([
      podOn('node-2', 'default/client'),
      asNode,
      network('far', '10.9.0.0/16', { one: '10.9.1.0/24' }),
      machine('away', 'far/one'),
      fabricObject('PrivateDnsZone', 'corp.example', {
        links: ['default'],
        records: [record('172.20.128.9')],
      }),
      fabricObject('PrivateDnsZone', 'far.example', { links: ['far'], records: [record('10.9.1.9')] }),
      fabricObject('PrivateDnsZone', 'example.org', { links: ['far'], records: [record('10.9.1.8')] }),
    ]);
    const { sockets } = lab;
    const pod = { sockets, netns: await lab.netnsOf('default/client'), server: '10.96.0.10' };
    const away = { sockets, netns: virtualMachineNetns('away'), server: platformAddress };
    const node = { ...away, netns: nodeNetns('node-1') };
    const isKnown = async (): Promise<boolean> =>
      lab.namespaces.list().includes(away.netns) &&
      (await addressesAt(away, 'db.far.example')) === '10.9.1.9' &&
      (await addressesAt(pod, 'db.corp.example')) === '172.20.128.9';
    await eventually('the zones are known', isKnown, 15_000);
    for (const protocol of ['udp', 'tcp'] as const) {
      assert.equal(await addressesAt(node, 'db.corp.example', protocol), '172.20.128.9');
      assert.equal(await addressesAt(away, 'db.far.example', protocol), '10.9.1.9');
      assert.equal(await addressesAt(away, 'db.corp.example', protocol), 'NXDOMAIN');
    }
    assert.equal(await addressesAt(pod, 'db.far.example'), 'NXDOMAIN');
    // The linked zone hides what the internet says.
    assert.equal(await addressesAt(away, 'www.example.org'), 'NXDOMAIN');
    assert.equal(await addressesAt(pod, 'www.example.org'), '203.0.113.10');
    // Programs find the name server of where they run, in pods that ask as their node, on nodes and on machines.
    for (const where of ['default/as-node', 'node:node-1']) {
      assert.equal(await resolved(where, 'db.corp.example'), '172.20.128.9', where);
    }
    assert.equal(await resolved('vm:away', 'db.far.example'), '10.9.1.9');
    assert.equal(await resolved('vm:away', 'db.corp.example'), '');
  });

  /** The first address that a program there finds, as `weft exec` runs it. */
  async function resolved(where: string, name: string): Promise<string> {
    const { out } = await weft('exec', '--name', lab.name, where, '--', 'getent', 'ahostsv4', name);
    return out.split(/\s/)[0] ?? '';
  }

  test('cluster DNS asks the servers that the network of the nodes names, as long as it does', async () => {
    await lab.apply([podOn('node-2', 'default/client'), machine('names', 'default/machines')]);
    const netns = virtualMachineNetns('names');
    await eventually('the machine is there', () => lab.namespaces.list().includes(netns), 15_000);
    const { client } = lab.connection;
    const { interfaces } =
      (await client.get(fabricResources.virtualmachines, { name: 'names' }))?.status ?? {};
    const address = interfaces?.[0]?.addresses[0] ?? assert.fail('it has no address');
    const askers = new Set<string>();
    const server = createNameServer({
      sockets: lab.sockets,
      netns,
      addresses: [address],
      answer(question, source) {
        askers.add(source);
        const { answers, ...rest } = internetAnswer(question, ['IPv4']);
        return {
          ...rest,
          answers: answers.map((one) => (one.type === 'A' ? { ...one, address: '192.0.2.77' } : one)),
        };
      },
      clock: systemClock,
      log: silentLog,
    });
    await server.start();
    const pod = { sockets: lab.sockets, netns: await lab.netnsOf('default/client'), server: '10.96.0.10' };
    const name = 'www.example.org';
    const asks = (dnsServers: readonly string[] | null): Promise<unknown> =>
      client.patch(fabricResources.virtualnetworks, { name: 'default' }, { body: { spec: { dnsServers } } });
    const saysSoon = (expected: string): Promise<void> =>
      eventually(expected, async () => (await addressesAt(pod, name)) === expected, 15_000);
    try {
      await saysSoon('203.0.113.10');
      await asks([address]);
      await saysSoon('192.0.2.77');
      assert.ok(
        [...askers].every((source) => source.startsWith('172.20.1.')),
        [...askers].join(),
      );
      // What the others said is forgotten, though it was to be remembered for a minute.
      await asks(null);
      await saysSoon('203.0.113.10');
    } finally {
      await server.stop();
    }
  });
});
