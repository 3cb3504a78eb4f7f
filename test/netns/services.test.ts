/**
 * The rules of the Service API, with packets, in a dual-stack lab: every test in both families.
 *
 *     node-1   client, one          (Services select by label `app: web`, or by name)
 *     node-2   two, three
 *     node-3   –
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { resources } from '../../src/api/resources.ts';
import type { LoadBalancerIngress, Service, ServiceSpec } from '../../src/api/types/core.ts';
import type { Endpoint, EndpointSlice } from '../../src/api/types/network.ts';
import { predict } from '../../src/analysis/predict/predict.ts';
import { printRuleset } from '../../src/kernel/nft/print-ruleset.ts';
import { createRouteNetlink } from '../../src/kernel/route/real.ts';
import { readCluster } from '../../src/lab/cluster-of.ts';
import { labPlaces } from '../../src/lab/options.ts';
import { families, inFamily, type Family } from '../../src/lib/address.ts';
import { machineNetns, nodeNetns } from '../../src/model/fabric/default-fabric.ts';
import { networkConfigOf } from '../../src/model/network/config.ts';
import { labAddressesOf, labNodeAddress } from '../../src/model/network/lab-addresses.ts';
import { podAddresses } from '../../src/model/network/pod-addresses.ts';
import { placeIn } from '../../src/model/network/topology.ts';
import type { ProbeResult } from '../../src/workload/port.ts';
import { killAgents } from '../differential/live/lab-state.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';
import { eventually } from './flow.ts';

const config = networkConfigOf(undefined, families);
const places = labPlaces({ nodes: 3, config });
const tcp = { name: 'http', port: 80, targetPort: 8080 };

/** Its addresses come from this test. */
const balanced = { type: 'LoadBalancer', loadBalancerClass: 'example.org/test' } as const;

function service(name: string, spec: Partial<ServiceSpec>, ingress?: LoadBalancerIngress[]): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { ipFamilyPolicy: 'RequireDualStack', selector: { app: 'web' }, ports: [tcp], ...spec },
    ...(ingress === undefined ? {} : { status: { loadBalancer: { ingress } } }),
  };
}

/** An external address for each Service that has one. */
const external = {
  open: ['198.51.100.1', '2001:db8:51::1'],
  guarded: ['198.51.100.2', '2001:db8:51::2'],
  proxied: ['198.51.100.3', '2001:db8:51::3'],
  local: ['198.51.100.4', '2001:db8:51::4'],
  empty: ['198.51.100.5', '2001:db8:51::5'],
  own: ['198.51.100.6', '2001:db8:51::6'],
} as const;

const vip = (name: keyof typeof external): LoadBalancerIngress[] => external[name].map((ip) => ({ ip }));

for (const family of families) {
  const of = (addresses: readonly string[]): string => inFamily(addresses, family) ?? assert.fail();
  const nodeAddress = (index: number): string => labNodeAddress(index, family);

  describe(`Services in ${family}`, { skip: cannotSendPackets }, () => {
    let lab: TestLab;
    const netns: Record<string, string> = {};
    const pods: Record<string, string> = {};
    const clusterIPs: Record<string, string> = {};

    before(async () => {
      lab = await startLab(`services${family.at(-1)}`, { config });
      const web = { app: 'web' };
      await lab.apply([
        podOn('node-1', 'default/client', { udp: [5353] }),
        podOn('node-1', 'default/one', { labels: web, udp: [5353] }),
        podOn('node-2', 'default/two', { labels: web, udp: [5353] }),
        podOn('node-2', 'default/three', { labels: web, udp: [5353] }),
        service('open', { externalIPs: [...external.open], selector: { name: 'one' } }),
        nodePortService('both', 30_101, {}),
        nodePortService('outside-local', 30_102, {
          externalTrafficPolicy: 'Local',
          selector: { name: 'two' },
        }),
        service('inside-local', { internalTrafficPolicy: 'Local', selector: { name: 'two' } }),
        service('sticky', {
          type: 'NodePort',
          ports: [{ ...tcp, nodePort: 30_103 }],
          sessionAffinity: 'ClientIP',
          externalIPs: [...external.local],
        }),
        service('near', { trafficDistribution: 'PreferSameNode' }),
        service('same-zone', { trafficDistribution: 'PreferClose' }),
        service('empty', { selector: { app: 'nobody' }, externalIPs: [...external.empty] }),
        service('mixed', {
          ...balanced,
          selector: { name: 'one' },
          ports: [tcp, { name: 'time', port: 80, targetPort: 5353, protocol: 'UDP' }],
        }),
        service('guarded', { ...balanced, selector: { name: 'one' } }),
        service('guarded-for-nodes', { ...balanced, selector: { name: 'one' } }),
        service('proxied', { ...balanced, selector: { name: 'one' } }),
      ]);
      for (const name of ['client', 'one', 'two', 'three']) {
        netns[name] = await lab.netnsOf(`default/${name}`);
        pods[name] = of(podAddresses(await lab.pod(`default/${name}`)));
      }
      const ranges = [`${pods['client']}/${family === 'IPv4' ? 32 : 128}`];
      await change('guarded', { loadBalancerSourceRanges: ranges });
      await announce('guarded', vip('guarded'));
      await announce('mixed', vip('open'));
      await announce(
        'proxied',
        external.proxied.map((ip) => ({ ip, ipMode: 'Proxy' as const })),
      );
      for (const { metadata, spec } of (await lab.connection.client.list(resources.services)).items) {
        clusterIPs[metadata.name] = inFamily(spec.clusterIPs ?? [], family) ?? '';
      }
      const route = createRouteNetlink({ namespaces: lab.namespaces });
      const length = family === 'IPv4' ? 32 : 128;
      route.apply(
        machineNetns.control,
        Object.values(external).map((addresses) => ({
          action: 'add-route',
          route: { destination: `${of(addresses)}/${length}`, link: 'eth0', via: nodeAddress(0) },
        })),
      );
      route.close();
    });
    after(async () => lab?.down());

    const change = async (name: string, spec: Partial<ServiceSpec>): Promise<void> => {
      const at = { namespace: 'default', name };
      const { metadata } = await lab.connection.client.patch(resources.services, at, { body: { spec } });
      await lab.connection.programmed({ services: metadata.resourceVersion ?? '0' });
    };
    /** Gives a Service its load balancer's addresses. */
    const announce = async (name: string, ingress: LoadBalancerIngress[]): Promise<void> => {
      const { metadata } = await lab.connection.client.patch(
        resources.services,
        { namespace: 'default', name },
        { subresource: 'status', body: { status: { loadBalancer: { ingress } } } },
      );
      await lab.connection.programmed({ services: metadata.resourceVersion ?? '0' });
    };
    const from = (pod: string): string => netns[pod] ?? assert.fail();
    /** As what a node is seen that masquerades: by pods of its own, and by those of others. */
    const ownAddresses = (node: number): unknown[] => {
      const place = placeIn(places[node], family) ?? assert.fail();
      return [place.address, place.tunnelAddress];
    };
    const ask = (source: string, address: string | undefined, port = 80): Promise<ProbeResult> =>
      lab.probe(source, `${address}:${port}`);
    const who = async (source: string, address: string | undefined, port = 80): Promise<string> => {
      const { outcome, answer } = await ask(source, address, port);
      return answer === undefined ? outcome : `${answer.pod} sees ${answer.source}`;
    };
    /** Everybody who answers, of enough connections to hear each. */
    const everybody = async (source: string, address: string | undefined, port = 80): Promise<string[]> => {
      const seen = new Set<string>();
      for (let tries = 0; tries < 40; tries++) {
        seen.add((await ask(source, address, port)).answer?.pod ?? 'nobody');
      }
      return [...seen].toSorted((a, b) => a.localeCompare(b));
    };
    const allWeb = ['default/one', 'default/three', 'default/two'];

    test('externalTrafficPolicy Cluster sends to all nodes, and masquerades what comes from outside', async () => {
      assert.deepEqual(await everybody(machineNetns.internet, nodeAddress(2), 30_101), allWeb);
      const { answer } = await ask(machineNetns.internet, nodeAddress(0), 30_101);
      assert.ok(ownAddresses(0).includes(answer?.source), answer?.source);
    });

    test('who is no pod and comes to a cluster address is seen as the node that it came by', async () => {
      const address = clusterIPs['both'] ?? assert.fail();
      const destination = `${address}/${family === 'IPv4' ? 32 : 128}`;
      const route = createRouteNetlink({ namespaces: lab.namespaces });
      const by = { destination, link: 'eth0', via: nodeAddress(1) };
      assert.deepEqual(route.apply(machineNetns.control, [{ action: 'add-route', route: by }]), []);
      for (const [source, node] of [
        [machineNetns.control, 1],
        [nodeNetns('node-3'), 2],
      ] as const) {
        const { answer } = await ask(source, address);
        assert.ok(ownAddresses(node).includes(answer?.source), `${source} is seen as ${answer?.source}`);
      }
      route.apply(machineNetns.control, [{ action: 'delete-route', route: by }]);
      route.close();
    });

    test('externalTrafficPolicy Local keeps the source, and drops where there is no endpoint', async () => {
      const { internet } = labAddressesOf[family];
      assert.equal(await who(machineNetns.internet, nodeAddress(1), 30_102), `default/two sees ${internet}`);
      assert.equal(await who(machineNetns.internet, nodeAddress(0), 30_102), 'silent');
    });

    test('with externalTrafficPolicy Local, pods and the node itself reach every endpoint from inside', async () => {
      const seen = `default/two sees ${pods['client']}`;
      assert.equal(await who(from('client'), nodeAddress(0), 30_102), seen);
      assert.match(await who(nodeNetns('node-1'), nodeAddress(0), 30_102), /^default\/two sees /);
    });

    test('internalTrafficPolicy Local keeps to the node, and drops where it has no endpoint', async () => {
      assert.equal(await who(from('client'), clusterIPs['inside-local']), 'silent');
      assert.equal(await who(from('three'), clusterIPs['inside-local']), `default/two sees ${pods['three']}`);
    });

    test('the two policies are independent', async () => {
      await change('outside-local', { internalTrafficPolicy: 'Cluster' });
      assert.equal(
        await who(from('client'), clusterIPs['outside-local']),
        `default/two sees ${pods['client']}`,
      );
      await change('outside-local', { internalTrafficPolicy: 'Local', externalTrafficPolicy: 'Cluster' });
      assert.equal(await who(from('client'), clusterIPs['outside-local']), 'silent');
      assert.match(await who(machineNetns.internet, nodeAddress(0), 30_102), /^default\/two sees /);
      await change('outside-local', { internalTrafficPolicy: 'Cluster', externalTrafficPolicy: 'Local' });
    });

    test('an external address is served on every node, for pods, nodes and the outside', async () => {
      for (const source of [from('client'), nodeNetns('node-3'), machineNetns.control]) {
        assert.match(await who(source, of(external.open)), /^default\/one sees /);
      }
      // A port that the Service does not have is somebody else's: here the internet's.
      assert.match(await who(from('client'), of(external.open), 443), /^internet sees /);
    });

    test('without endpoints, cluster addresses and external ones are rejected', async () => {
      assert.equal(await who(from('client'), clusterIPs['empty']), 'rejected');
      assert.equal(await who(from('client'), of(external.empty)), 'rejected');
      assert.equal(await who(machineNetns.control, of(external.empty)), 'rejected');
    });

    test('loadBalancerSourceRanges admit whom they name, to the load balancer’s address only', async () => {
      assert.match(await who(from('client'), of(external.guarded)), /^default\/one sees /);
      assert.equal(await who(from('two'), of(external.guarded)), 'silent');
      assert.equal(await who(machineNetns.control, of(external.guarded)), 'silent');
      assert.match(await who(from('two'), clusterIPs['guarded']), /^default\/one sees /);
    });

    test('a node that may come to a load balancer may also come from the load balancer’s own address', async () => {
      const [vips, node1] = [external.own, nodeNetns('node-1')];
      const fromVip = async (name: string, address: string): Promise<string> => {
        const target = `${address}:80`;
        const { outcome, answer } = await lab.probe(node1, target, { sourceAddress: address });
        return answer === undefined ? `${name} ${outcome}` : `${name} ${answer.pod}`;
      };
      const route = createRouteNetlink({ namespaces: lab.namespaces });
      const length = family === 'IPv4' ? 32 : 128;
      const added = [of(vips), of(external.guarded)].map((address) => ({
        link: 'eth0',
        address: `${address}/${length}`,
      }));
      await change('guarded-for-nodes', { loadBalancerSourceRanges: [`${nodeAddress(0)}/${length}`] });
      await announce('guarded-for-nodes', vip('own'));
      route.apply(
        node1,
        added.map((address) => ({ action: 'add-address', address })),
      );
      // The kernel takes a moment to use an IPv6 address that it was given.
      const isLetIn = async (): Promise<boolean> => (await fromVip('own', of(vips))) === 'own default/one';
      await eventually('what comes from the load balancer’s address is let in', isLetIn);
      assert.equal(await fromVip('guarded', of(external.guarded)), 'guarded silent');
      assert.match(await who(node1, of(vips)), /^default\/one sees /);
      assert.equal(await who(from('client'), of(vips)), 'silent');
      route.apply(
        node1,
        added.map((address) => ({ action: 'delete-address', address })),
      );
      route.close();
    });

    test('a node port is at no address of the loopback link', async () => {
      const loopback = family === 'IPv4' ? '127.0.0.1' : '::1';
      assert.equal(await who(nodeNetns('node-1'), loopback, 30_101), 'refused');
    });

    test('what a load balancer proxies itself is not taken on the way to it', async () => {
      assert.match(await who(from('client'), of(external.proxied)), /^internet sees /);
    });

    test('a load balancer of mixed protocols serves each of them', async () => {
      await announce('mixed', vip('local'));
      await change('sticky', { externalIPs: [] });
      const target = `${of(external.local)}:80`;
      for (const protocol of ['TCP', 'UDP'] as const) {
        const { answer } = await lab.probe(from('client'), target, { protocol });
        assert.deepEqual([answer?.pod, answer?.protocol], ['default/one', protocol]);
      }
    });

    test('session affinity binds a client to its endpoint by whichever address, over changes and restarts', async () => {
      const [bound = ''] = await everybody(from('client'), clusterIPs['sticky']);
      assert.deepEqual(await everybody(from('client'), clusterIPs['sticky']), [bound]);
      assert.deepEqual(await everybody(from('client'), nodeAddress(0), 30_103), [bound]);
      const other = await Promise.all(
        ['one', 'two', 'three'].map((pod) => everybody(from(pod), clusterIPs['sticky'])),
      );
      assert.ok(other.every((one) => one.length === 1 && one[0] !== 'nobody'));
      await change('near', { sessionAffinity: 'ClientIP' });
      await killAgents(lab);
      assert.deepEqual(await everybody(from('client'), clusterIPs['sticky']), [bound]);
      const gone = (await lab.pod(bound)).metadata;
      await lab.connection.client.patch(
        resources.pods,
        { namespace: 'default', name: gone.name },
        { body: { metadata: { labels: { app: 'other' } } } },
      );
      await settled(lab, 'sticky', 2);
      const [next = ''] = await everybody(from('client'), clusterIPs['sticky']);
      assert.notEqual(next, bound, 'the client is still bound to a pod that is no endpoint any more');
      assert.deepEqual(await everybody(from('client'), clusterIPs['sticky']), [next]);
      await lab.connection.client.patch(
        resources.pods,
        { namespace: 'default', name: gone.name },
        { body: { metadata: { labels: { app: 'web' } } } },
      );
      await settled(lab, 'sticky', 3);
    });

    test('a client is bound for three hours, or as long as its Service says', async () => {
      await who(from('client'), clusterIPs['sticky']);
      assert.match(printRuleset(lab.namespaces, nodeNetns('node-1')), /timeout 3h expires 2h59m/);
      await change('sticky', { sessionAffinityConfig: { clientIP: { timeoutSeconds: 1 } } });
      const [first] = await everybody(from('client'), clusterIPs['sticky']);
      const isElsewhere = async (): Promise<boolean> => {
        await sleep(1_100);
        return (await ask(from('client'), clusterIPs['sticky'])).answer?.pod !== first;
      };
      await eventually('a client that rested longer is balanced anew', isElsewhere, 40_000);
    });

    test('PreferSameNode stays on the node where it can', async () => {
      await change('near', { sessionAffinity: 'None' });
      assert.deepEqual(await everybody(from('client'), clusterIPs['near']), ['default/one']);
      assert.deepEqual(await everybody(from('two'), clusterIPs['near']), ['default/three', 'default/two']);
      assert.deepEqual(await everybody(nodeNetns('node-3'), clusterIPs['near']), allWeb);
    });

    test('PreferSameZone stays in the zone, once every endpoint is in one', async () => {
      assert.deepEqual(await everybody(from('client'), clusterIPs['same-zone']), allWeb);
      const zones = { 'node-1': 'east', 'node-2': 'west', 'node-3': 'west' };
      for (const [name, zone] of Object.entries(zones)) {
        const labels = { 'topology.kubernetes.io/zone': zone };
        const { metadata } = await lab.connection.client.patch(
          resources.nodes,
          { name },
          { body: { metadata: { labels } } },
        );
        await lab.connection.programmed({ nodes: metadata.resourceVersion ?? '0' });
      }
      await settled(lab, 'same-zone', 3, ({ zone, hints }) => zone === hints?.forZones?.[0]?.name);
      assert.deepEqual(await everybody(from('client'), clusterIPs['same-zone']), ['default/one']);
      const west = ['default/three', 'default/two'];
      assert.deepEqual(await everybody(nodeNetns('node-3'), clusterIPs['same-zone']), west);
    });

    test('a node whose own endpoints all terminate still sends to those that serve', async () => {
      const [one, two] = [pods['one'] ?? '', pods['two'] ?? ''];
      const draining = { ready: false, serving: true, terminating: true };
      await lab.connection.client.create(
        resources.services,
        service('ending', {
          type: 'NodePort',
          externalTrafficPolicy: 'Local',
          ipFamilyPolicy: 'SingleStack',
          ipFamilies: [family],
          ports: [{ ...tcp, nodePort: 30_104 }],
          selector: {},
        }),
      );
      await lab.connection.client.create(
        resources.endpointslices,
        slice(family, [
          { addresses: [one], nodeName: 'node-1', conditions: draining },
          { addresses: [two], nodeName: 'node-2', conditions: { ready: true } },
        ]),
      );
      const { items } = await lab.connection.client.list(resources.endpointslices);
      const newest = items.find(({ metadata }) => metadata.name === 'ending-1')?.metadata;
      await lab.connection.programmed({ endpointslices: newest?.resourceVersion ?? '0' });
      const { internet } = labAddressesOf[family];
      assert.equal(await who(machineNetns.internet, nodeAddress(0), 30_104), `default/one sees ${internet}`);
      assert.equal(await who(machineNetns.internet, nodeAddress(1), 30_104), `default/two sees ${internet}`);
      assert.deepEqual(await everybody(from('client'), nodeAddress(0), 30_104), ['default/two']);
    });

    test('what is predicted of all this is what happens', async () => {
      const cluster = await readCluster(lab.connection.client);
      const targets = Object.values(external).map((addresses) => ({ address: of(addresses), port: 80 }));
      for (const port of [30_101, 30_102, 30_103, 30_104]) {
        targets.push({ address: nodeAddress(0), port }, { address: nodeAddress(1), port });
      }
      for (const pod of ['client', 'one', 'two', 'three']) {
        for (const { address, port } of targets) {
          const { outcomes } = predict(cluster, {
            source: { kind: 'pod', key: `default/${pod}` },
            destination: { kind: 'address', address },
            protocol: 'TCP',
            port,
          });
          const { outcome, answer } = await ask(from(pod), address, port);
          const expected = outcomes.map((one) =>
            one.verdict === 'allowed' ? `${one.backend ?? 'internet'} sees ${one.sourceSeen}` : 'not',
          );
          const found = outcome === 'answered' ? `${answer?.pod} sees ${answer?.source}` : 'not';
          assert.ok(
            expected.includes(found),
            `${pod} -> ${address}:${port}: ${found}, not ${expected.join()}`,
          );
        }
      }
    });
  });
}

function nodePortService(name: string, nodePort: number, spec: Partial<ServiceSpec>): Service {
  return service(name, { type: 'NodePort', ports: [{ ...tcp, nodePort }], ...spec });
}

function slice(family: Family, endpoints: Endpoint[]): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: 'ending-1',
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': 'ending' },
    },
    addressType: family,
    endpoints,
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  };
}

/** Waits until a Service's slices have this many endpoints, each as wanted, in every family, and nodes know. */
async function settled(
  { connection }: TestLab,
  name: string,
  count: number,
  isWanted: (endpoint: Endpoint) => boolean = () => true,
): Promise<void> {
  for (;;) {
    const { items } = await connection.client.list(resources.endpointslices, { namespace: 'default' });
    const own = items.filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name);
    const endpoints = own.flatMap((one) => one.endpoints);
    if (endpoints.length === count * own.length && own.length === 2 && endpoints.every(isWanted)) {
      const versions = own.map(({ metadata }) => BigInt(metadata.resourceVersion ?? '0'));
      const newest = versions.reduce((a, b) => (a > b ? a : b));
      return connection.programmed({ endpointslices: String(newest) });
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
