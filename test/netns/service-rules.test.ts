/**
 * Rules of the Service API about who is sent nothing, which ports and addresses are given, and what is no business of the
 * proxy: with packets, in a dual-stack lab.
 *
 *     node-1   client        node-2   old (8080), new (9090): port `web`, app: web; alone (8080)
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { resources } from '../../src/api/resources.ts';
import type { Service, ServiceSpec } from '../../src/api/types/core.ts';
import type { Endpoint, EndpointSlice } from '../../src/api/types/network.ts';
import { createNftables } from '../../src/kernel/nft/nftables.ts';
import { printRuleset } from '../../src/kernel/nft/print-ruleset.ts';
import { families, inFamily, parseAddress, type Family } from '../../src/lib/address.ts';
import { parsePrefix } from '../../src/lib/prefix.ts';
import { machineNetns, nodeNetns } from '../../src/model/fabric/default-fabric.ts';
import { addressesGivenTo } from '../../src/model/load-balancer/status.ts';
import { networkConfigOf } from '../../src/model/network/config.ts';
import { labNodeAddress } from '../../src/model/network/lab-addresses.ts';
import { podAddresses } from '../../src/model/network/pod-addresses.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';
import { pathsOf, processesOf } from '../faults/weft.ts';
import { readProcessFile } from '../../src/lab/process-file.ts';
import { eventually } from './flow.ts';
import { serviceOf, withPortNames } from './objects.ts';
import { startTraffic } from './traffic.ts';

const node1 = nodeNetns('node-1');
const config = networkConfigOf(undefined, families);

function dual(name: string, spec: Partial<ServiceSpec>): Service {
  const ports = [{ name: 'http', port: 80, targetPort: 8080 }];
  return serviceOf(name, { ipFamilyPolicy: 'RequireDualStack', ports, ...spec });
}

/** Of a Service that selects nobody. */
function byHand(name: string, spec: Partial<ServiceSpec> = {}): Service {
  const { selector, ...rest } = dual(name, spec).spec;
  assert.ok(selector);
  return { ...dual(name, spec), spec: rest };
}

function slice(name: string, family: Family, endpoints: Endpoint[]): EndpointSlice {
  const labels = { 'kubernetes.io/service-name': name.split('.')[0] ?? '' };
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-${family}`.toLowerCase(), namespace: 'default', labels },
    addressType: family,
    endpoints,
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  };
}

describe('rules of Services', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  let client = '';
  const pods: Record<string, readonly string[]> = {};

  before(async () => {
    lab = await startLab('service-rules', { nodes: 2, config });
    const web = { app: 'web' };
    await lab.apply([
      podOn('node-1', 'default/client'),
      withPortNames(podOn('node-2', 'default/old', { labels: web }), ['web']),
      withPortNames(podOn('node-2', 'default/new', { labels: web, ports: [9090] }), ['web']),
      podOn('node-2', 'default/alone'),
      dual('alone', { type: 'NodePort', selector: { name: 'alone' } }),
      dual('named', { selector: web, ports: [{ name: 'http', port: 80, targetPort: 'web' }] }),
      dual('headless', { clusterIP: 'None', selector: { name: 'alone' } }),
    ]);
    client = await lab.netnsOf('default/client');
    for (const name of ['old', 'new', 'alone']) pods[name] = podAddresses(await lab.pod(`default/${name}`));
  });
  after(() => lab?.down());

  const get = async (name: string): Promise<Service> =>
    (await lab.connection.client.get(resources.services, { namespace: 'default', name })) ?? assert.fail();
  const make = async (service: Service, slices: readonly EndpointSlice[] = []): Promise<Service> => {
    const written = await lab.connection.client.create(resources.services, service);
    const versions = { services: written.metadata.resourceVersion ?? '0', endpointslices: '0' };
    for (const one of slices) {
      const { metadata } = await lab.connection.client.create(resources.endpointslices, one);
      versions.endpointslices = metadata.resourceVersion ?? '0';
    }
    await lab.connection.programmed(versions);
    return get(service.metadata.name);
  };
  const of = (addresses: readonly string[] | undefined, family: Family): string =>
    inFamily(addresses ?? [], family) ?? assert.fail();
  const who = async (address: string, port = 80, netns = client): Promise<string> => {
    const { outcome, answer } = await lab.probe(netns, `${address}:${port}`);
    return answer?.pod ?? outcome;
  };
  /** In both families. */
  const whoAt = async ({ spec }: Service): Promise<string> => {
    const seen = await Promise.all(families.map((family) => who(of(spec.clusterIPs, family))));
    return [...new Set(seen)].join();
  };
  const everybody = async ({ spec }: Service, family: Family): Promise<string> => {
    const seen = new Set<string>();
    for (let tries = 0; tries < 30; tries++) seen.add(await who(of(spec.clusterIPs, family)));
    return [...seen].toSorted((a, b) => (a < b ? -1 : 1)).join();
  };

  test('a firewall of the node’s own is not opened for anybody', async () => {
    const { nodePort = 0 } = (await get('alone')).spec.ports?.[0] ?? {};
    const nft = createNftables({ namespaces: lab.namespaces });
    const ask = (family: Family): Promise<string> =>
      who(labNodeAddress(0, family), nodePort, machineNetns.internet);
    for (const family of families) assert.equal(await ask(family), 'default/alone');
    nft.run(
      node1,
      `table inet firewall {
        chain forward { type filter hook forward priority 0; policy accept; iifname "eth0" tcp dport 8080 drop; }
      }`,
    );
    for (const family of families) assert.equal(await ask(family), 'silent');
    nft.run(node1, 'delete table inet firewall');
    nft.close();
    for (const family of families) assert.equal(await ask(family), 'default/alone');
  });

  test('an endpoint that terminates and does not serve is sent nothing, alone and beside others', async () => {
    const gone = { ready: false, serving: false, terminating: true };
    const endpoint = (pod: string, family: Family, conditions: Endpoint['conditions'] = {}): Endpoint => ({
      addresses: [of(pods[pod], family)],
      nodeName: 'node-2',
      conditions,
    });
    const nobody = await make(
      byHand('nobody'),
      families.map((family) => slice('nobody', family, [endpoint('alone', family, gone)])),
    );
    assert.equal(await whoAt(nobody), 'rejected');
    const other = await make(
      byHand('other'),
      families.map((family) =>
        slice('other', family, [endpoint('alone', family, gone), endpoint('old', family)]),
      ),
    );
    for (const family of families) assert.equal(await everybody(other, family), 'default/old');
  });

  test('a load balancer that wants no node ports has none, and is reached by its own address', async () => {
    const spec = { type: 'LoadBalancer', selector: { name: 'alone' } } as const;
    await make(dual('portless', { ...spec, allocateLoadBalancerNodePorts: false }));
    const isGiven = async (): Promise<boolean> => addressesGivenTo(await get('portless')).length === 2;
    await eventually('it has addresses', isGiven);
    const given = await get('portless');
    assert.equal(given.spec.ports?.[0]?.nodePort, undefined);
    for (const family of families) {
      const address = of(addressesGivenTo(given), family);
      const isServed = async (): Promise<boolean> =>
        (await who(address, 80, machineNetns.internet)) === 'default/alone';
      await eventually('it is served', isServed);
    }
    const wanting = await make(dual('wanting', { ...spec }));
    const { nodePort = 0 } = wanting.spec.ports?.[0] ?? {};
    for (const family of families) {
      const isServed = async (): Promise<boolean> =>
        (await who(labNodeAddress(0, family), nodePort, machineNetns.internet)) === 'default/alone';
      await eventually('a node port of another one is', isServed);
    }
  });

  test('node ports and cluster addresses are drawn from behind the bands for those that people choose', async () => {
    const selector = { name: 'alone' };
    const drawn: Service[] = [];
    for (let index = 0; index < 20; index++)
      drawn.push(
        await lab.connection.client.create(
          resources.services,
          dual(`drawn-${index}`, { type: 'NodePort', selector }),
        ),
      );
    // min(max(16, 2768 / 32), 128) = 86 ports; min(max(16, n / 16), 256) = 256 addresses of either range.
    assert.ok(drawn.every(({ spec }) => (spec.ports?.[0]?.nodePort ?? 0) >= 30_000 + 86));
    const first = Object.fromEntries(
      config.serviceCidrs.flatMap((text) => {
        const prefix = parsePrefix(text);
        return prefix === undefined ? [] : [[prefix.family, prefix.network.value]];
      }),
    ) as Record<Family, bigint>;
    for (const { spec } of drawn) {
      for (const family of families) {
        const address = parseAddress(of(spec.clusterIPs, family)) ?? assert.fail();
        assert.ok(address.value - first[family] > 256n, of(spec.clusterIPs, family));
      }
    }
    const chosen = await make(
      dual('chosen', {
        type: 'NodePort',
        selector,
        clusterIP: '10.96.0.200',
        clusterIPs: ['10.96.0.200', 'fd00:10:96::c8'],
        ports: [{ name: 'http', port: 80, targetPort: 8080, nodePort: 30_005 }],
      }),
    );
    await eventually('it is served', async () => (await whoAt(chosen)) === 'default/alone');
    for (const family of families) {
      const isServed = async (): Promise<boolean> =>
        (await who(labNodeAddress(1, family), 30_005, machineNetns.internet)) === 'default/alone';
      await eventually('its node port is', isServed);
    }
  });

  test('agents that start change nothing before they have read everything', async () => {
    const named = await get('named');
    const flows = families.map((family) =>
      startTraffic(lab, client, { address: of(named.spec.clusterIPs, family), port: 80, clients: 2 }),
    );
    const before = printRuleset(lab.namespaces, node1);
    const pidOf = (role: string): number =>
      processesOf(lab.name).find((one) => one.role === role)?.record.pid ?? assert.fail();
    const [control, agents] = [pidOf('control'), pidOf('agents')];
    process.kill(control, 'SIGSTOP');
    try {
      process.kill(agents, 'SIGKILL');
      await eventually('others start', () => {
        const { agents: now } = readProcessFile(pathsOf(lab.name).processes);
        return now !== undefined && now.pid !== agents;
      });
      // Long enough for whoever does not wait.
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      assert.equal(printRuleset(lab.namespaces, node1), before);
    } finally {
      process.kill(control, 'SIGCONT');
    }
    await eventually('they have read it', () =>
      lab.connection.programmed({}).then(
        () => true,
        () => false,
      ),
    );
    for (const flow of flows) {
      await flow.stop();
      assert.deepEqual(flow.failures, []);
      assert.ok([...flow.answers.values()].every((count) => count > 0));
    }
  });

  test('a port that is named stands for another number in each pod', async () => {
    const named = await get('named');
    for (const family of families) assert.equal(await everybody(named, family), 'default/new,default/old');
  });

  test('several slices of a Service are one, and an endpoint of two of them counts once', async () => {
    const at = (family: Family, ...names: string[]): Endpoint[] =>
      names.map((name) => ({ addresses: [of(pods[name], family)], nodeName: 'node-2' }));
    const merged = await make(
      byHand('merged'),
      families.flatMap((family) => [
        slice('merged', family, at(family, 'old', 'alone')),
        slice('merged.more', family, at(family, 'alone')),
      ]),
    );
    for (const family of families) {
      assert.equal(await everybody(merged, family), 'default/alone,default/old');
      const address = of(merged.spec.clusterIPs, family).replaceAll('.', String.raw`\.`);
      assert.match(
        printRuleset(lab.namespaces, node1),
        new RegExp(`${address} \\. (tcp|6) \\. 80 : goto of-2`),
      );
    }
  });

  test('a Service that publishes who is not ready sends to them, and another one does not', async () => {
    const strict = await make(dual('strict', { selector: { name: 'alone' } }));
    const lenient = await make(
      dual('lenient', { selector: { name: 'alone' }, publishNotReadyAddresses: true }),
    );
    await eventually('both serve', async () =>
      [await whoAt(strict), await whoAt(lenient)].every((one) => one === 'default/alone'),
    );
    const ready = (status: 'True' | 'False'): Promise<unknown> =>
      lab.connection.client.patch(
        resources.pods,
        { namespace: 'default', name: 'alone' },
        { subresource: 'status', body: { status: { conditions: [{ type: 'Ready', status }] } } },
      );
    await ready('False');
    await eventually('one does not send there', async () => (await whoAt(strict)) === 'rejected');
    assert.equal(await whoAt(lenient), 'default/alone');
    await ready('True');
    await eventually('both serve', async () => (await whoAt(strict)) === 'default/alone');
  });

  test('headless, external and other proxies’ Services are left alone', async () => {
    const elsewhere = { type: 'ExternalName', externalName: 'example.org' } as const;
    await make({ ...byHand('elsewhere'), spec: elsewhere });
    assert.equal((await get('headless')).spec.clusterIP, 'None');
    const plain = dual('foreign', { selector: { name: 'alone' } });
    const labels = { 'service.kubernetes.io/service-proxy-name': 'another' };
    const foreign = await make({ ...plain, metadata: { ...plain.metadata, labels } });
    // Nobody has an address of the range that no proxy of ours serves.
    assert.equal(await whoAt(foreign), 'silent');
    for (const family of families) {
      const address = of(foreign.spec.clusterIPs, family);
      assert.ok(!printRuleset(lab.namespaces, node1).includes(`${address} `));
      assert.equal(await who(of(pods['alone'], family), 8080), 'default/alone');
    }
    const body = { metadata: { labels: { 'service.kubernetes.io/service-proxy-name': null } } };
    await lab.connection.client.patch(
      resources.services,
      { namespace: 'default', name: 'foreign' },
      { body },
    );
    await eventually('it is ours', async () => (await whoAt(foreign)) === 'default/alone');
  });
});
