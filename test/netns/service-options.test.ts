/**
 * What a cluster's configuration says about all Services, and what nodes answer themselves, with packets, in a dual-stack
 * lab: masqueradeAll, externalIPs ignored, node ports at other addresses and on localhost, health checks.
 *
 *     node-1   client               192.0.2.1, 2001:db8:77::1      (Service `web`: node port 30200, an external address,
 *     node-2   server (app: web)    192.0.2.2, 2001:db8:77::2       kept on its node, health check 30201)
 */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { resources } from '../../src/api/resources.ts';
import type { ClusterNetwork } from '../../src/api/types/network.ts';
import { createRouteNetlink } from '../../src/kernel/route/real.ts';
import { labPlaces } from '../../src/lab/options.ts';
import { families, inFamily, type Family } from '../../src/lib/address.ts';
import { machineNetns, nodeNetns } from '../../src/model/fabric/default-fabric.ts';
import { networkConfigOf } from '../../src/model/network/config.ts';
import { labNodeAddress } from '../../src/model/network/lab-addresses.ts';
import { placeIn } from '../../src/model/network/topology.ts';
import { createInside } from '../../src/workload/streams/inside.ts';
import { mismatchedElements } from '../differential/live/lab-state.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';
import { eventually } from './flow.ts';
import { label, serviceOf } from './objects.ts';

const external = ['198.51.100.1', '2001:db8:51::1'];
const [node1, node2] = [nodeNetns('node-1'), nodeNetns('node-2')];
const extra = { IPv4: (node: number) => `192.0.2.${node}`, IPv6: (node: number) => `2001:db8:77::${node}` };
const loopback = { IPv4: '127.0.0.1', IPv6: '::1' } as const;

const network: ClusterNetwork = {
  apiVersion: 'weft.dev/v1alpha1',
  kind: 'ClusterNetwork',
  metadata: { name: 'default' },
  spec: {
    masqueradeAll: true,
    externalIPs: 'Ignore',
    nodePortAddresses: ['192.0.2.0/24', '2001:db8:77::/64'],
    localhostNodePorts: true,
  },
};

describe('the settings of Services', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  let client = '';
  let places: ReturnType<typeof labPlaces>;
  let clusterIPs: readonly string[] = [];

  before(async () => {
    const config = networkConfigOf(network, families);
    places = labPlaces({ nodes: 2, config });
    lab = await startLab('service-options', { nodes: 2, config });
    await lab.apply([
      podOn('node-1', 'default/client'),
      podOn('node-2', 'default/server', { labels: { app: 'web' } }),
      serviceOf('web', {
        type: 'LoadBalancer',
        externalTrafficPolicy: 'Local',
        healthCheckNodePort: 30_201,
        ipFamilyPolicy: 'RequireDualStack',
        externalIPs: external,
        ports: [{ name: 'http', port: 80, targetPort: 8080, nodePort: 30_200 }],
      }),
    ]);
    client = await lab.netnsOf('default/client');
    const at = { namespace: 'default', name: 'web' };
    clusterIPs = (await lab.connection.client.get(resources.services, at))?.spec.clusterIPs ?? [];
    giveExtraAddresses(lab);
    await mismatchedElements(lab);
  });
  after(async () => lab?.down());

  const of = (addresses: readonly string[], family: Family): string =>
    inFamily(addresses, family) ?? assert.fail();
  const who = async (netns: string, address: string, port: number): Promise<string> => {
    const { outcome, answer } = await lab.probe(netns, `${address}:${port}`);
    return answer === undefined ? outcome : `${answer.pod} sees ${answer.source}`;
  };
  const get = (netns: string, address: string, port: number, path = '/'): Promise<Answer> =>
    askHttp(lab, { netns, addresses: [address], port }, path);

  for (const family of families) {
    const addressOf = (index: number): string => extra[family](index);

    test(`${family}: with masqueradeAll a pod that comes by a cluster address is seen as its node`, async () => {
      const seen = await who(client, of(clusterIPs, family), 80);
      assert.match(seen, /^default\/server sees /);
      const place = placeIn(places[0], family);
      assert.ok([place?.address, place?.tunnelAddress].includes(seen.split(' ').at(-1)), seen);
    });

    test(`${family}: an external address that is ignored is somebody else's`, async () => {
      assert.match(await who(client, of(external, family), 80), /^internet sees /);
    });

    test(`${family}: node ports answer at the node addresses that the cluster names, and at no other`, async () => {
      assert.match(await who(machineNetns.control, addressOf(2), 30_200), /^default\/server sees /);
      assert.equal(await who(machineNetns.control, addressOf(1), 30_200), 'silent');
      assert.match(await who(client, addressOf(1), 30_200), /^default\/server sees /);
      assert.equal(await who(client, labNodeAddress(1, family), 30_200), 'refused');
    });

    test(`${family}: a node reaches node ports at its loopback address, on request`, async () => {
      for (const node of [node1, node2]) {
        await eventually('a node port at a loopback address', async () =>
          (await who(node, loopback[family], 30_200)).startsWith('default/server sees '),
        );
      }
      assert.equal(await who(client, loopback[family], 30_200), 'refused');
    });

    test(`${family}: a load balancer's health check tells the nodes with ready endpoints`, async () => {
      const { status, weight, body } = await get(machineNetns.control, addressOf(2), 30_201);
      assert.deepEqual([status, weight], [200, '1']);
      const service = { namespace: 'default', name: 'web' };
      assert.deepEqual(body, { service, localEndpoints: 1, serviceProxyHealthy: true });
      const other = await get(machineNetns.control, addressOf(1), 30_201);
      assert.deepEqual([other.status, other.weight], [503, '0']);
      assert.deepEqual(other.body, { service, localEndpoints: 0, serviceProxyHealthy: true });
    });

    test(`${family}: nodes are healthy and alive`, async () => {
      for (const [index, path] of ['/healthz', '/livez'].entries()) {
        const { status, body } = await get(machineNetns.control, labNodeAddress(index, family), 10_256, path);
        assert.equal(status, 200, JSON.stringify(body));
        assert.equal(body['nodeEligible'], path === '/healthz' ? true : undefined);
      }
      assert.equal((await get(client, labNodeAddress(0, family), 10_256, '/other')).status, 404);
    });
  }

  test('a Service whose endpoints left the node fails its health check there, and no other Service has one', async () => {
    await label(lab, 'default/server', { app: 'nobody' });
    const isUnhealthy = async (): Promise<boolean> =>
      (await get(machineNetns.control, extra.IPv4(2), 30_201)).status === 503;
    await eventually('the health check fails', isUnhealthy);
    const at = { namespace: 'default', name: 'web' };
    const spec = { externalTrafficPolicy: 'Cluster' } as const;
    await lab.connection.client.patch(resources.services, at, { body: { spec } });
    await eventually('nobody listens there', async () => {
      const { outcome } = await lab.probe(machineNetns.control, `${extra.IPv4(2)}:30201`);
      return outcome === 'refused';
    });
  });

  test('a node that is to be deleted is alive and not healthy, so that load balancers leave it', async () => {
    const taint = { key: 'ToBeDeletedByClusterAutoscaler', effect: 'NoSchedule' };
    const body = { spec: { taints: [taint] } };
    await lab.connection.client.patch(resources.nodes, { name: 'node-2' }, { body });
    const address = labNodeAddress(1, 'IPv4');
    await eventually('it is not healthy', async () => {
      const healthz = await get(machineNetns.control, address, 10_256, '/healthz');
      return healthz.status === 503 && healthz.body['nodeEligible'] === false;
    });
    assert.equal((await get(machineNetns.control, address, 10_256, '/livez')).status, 200);
    assert.equal(
      (await get(machineNetns.control, labNodeAddress(0, 'IPv4'), 10_256, '/healthz')).status,
      200,
    );
  });
});

/** To each node an address of each family that is no address of its segment, and to the control machine the way there. */
function giveExtraAddresses(lab: TestLab): void {
  const route = createRouteNetlink({ namespaces: lab.namespaces });
  for (const family of families) {
    const length = family === 'IPv4' ? 32 : 128;
    for (const [index, netns] of [node1, node2].entries()) {
      const address = `${extra[family](index + 1)}/${length}`;
      route.apply(netns, [{ action: 'add-address', address: { link: 'eth0', address } }]);
      const via = labNodeAddress(index, family);
      const way = { destination: address, link: 'eth0', via };
      route.apply(machineNetns.control, [{ action: 'add-route', route: way }]);
    }
  }
  route.close();
}

interface Answer {
  readonly status: number | undefined;
  readonly weight: unknown;
  readonly body: Readonly<Record<string, unknown>>;
}

/** An HTTP request from inside a namespace. */
async function askHttp(
  lab: TestLab,
  ends: { readonly netns: string; readonly addresses: readonly string[]; readonly port: number },
  path: string,
): Promise<Answer> {
  const socket = await createInside(lab.sockets).connect(ends);
  return new Promise((resolve, reject) => {
    const asked = request({ path, createConnection: () => socket }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        const body = (text === '' ? {} : JSON.parse(text)) as Answer['body'];
        const weight = response.headers['x-load-balancing-endpoint-weight'];
        resolve({ status: response.statusCode, weight, body });
      });
    });
    asked.on('error', reject).end();
  });
}
