/** Several clusters of one lab: machines on one network, and nothing else in common. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { layer2Resources, resources } from '../../src/api/resources.ts';
import type { Node, Pod, Service } from '../../src/api/types/core.ts';
import type { Client } from '../../src/client/port.ts';
import { connectLab } from '../../src/cmd/weft/connect-lab.ts';
import { cannotSendPackets } from '../support/lab.ts';
import { eventually, isRunning, kill, leftoversOf, pathsOf, processesOf, whenWhole } from '../faults/weft.ts';
import { weft } from '../support/weft.ts';

const name = `test-clusters-${process.pid}`;
const clusters = ['', 'b'] as const;
type Cluster = (typeof clusters)[number];
const manifests = mkdtempSync(join(tmpdir(), 'weft-clusters-'));

const application = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: default }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: example/web, ports: [{ containerPort: 80 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: default }
spec: { type: LoadBalancer, selector: { app: web }, ports: [{ port: 80, nodePort: 30080 }] }
`;

const named = (cluster: Cluster): string[] => [
  '--name',
  name,
  ...(cluster === '' ? [] : ['--cluster', cluster]),
];
const labOf = (cluster: Cluster): string => (cluster === '' ? name : `${name}.${cluster}`);

async function up(cluster: Cluster): Promise<void> {
  const { code, err } = await weft('up', '-f', manifests, ...named(cluster), '--nodes', '2', '--wait');
  assert.equal(code, 0, err);
}

async function connect(cluster: Cluster, source: string, destination: string): Promise<string> {
  const { out, err } = await weft('connect', source, destination, ...named(cluster), '-o', 'json');
  assert.notEqual(out, '', err);
  return (JSON.parse(out) as { verdict: string }).verdict;
}

async function objectsOf(cluster: Cluster): Promise<{ readonly address: string; readonly pod: string }> {
  const lab = await connectLab(pathsOf(labOf(cluster)));
  try {
    const service = (await lab.client.get(resources.services, {
      namespace: 'default',
      name: 'web',
    })) as Service;
    const { items } = await lab.client.list<Pod>(resources.pods);
    const pod = items.find(({ metadata }) => metadata.namespace === 'default')?.status?.podIP;
    return { address: service.status?.loadBalancer?.ingress?.[0]?.ip ?? '', pod: pod ?? '' };
  } finally {
    await lab.close();
  }
}

async function withClient<T>(cluster: Cluster, work: (client: Client) => Promise<T>): Promise<T> {
  const lab = await connectLab(pathsOf(labOf(cluster)));
  try {
    return await work(lab.client);
  } finally {
    await lab.close();
  }
}

const describeSegment = (pools: { name: string; range: string }[]): Promise<unknown> =>
  withClient('', (client) =>
    client.patch(layer2Resources.segments, { name: 'default' }, { body: { spec: { pools } } }),
  );

/** The address of each node, or what a node that waits for one is told. */
const nodesOf = (cluster: Cluster): Promise<string[]> =>
  withClient(cluster, async (client) => {
    const { items } = await client.list<Node>(resources.nodes);
    return items.map(({ status }) => {
      const waits = status?.conditions?.find(
        ({ type, status: is }) => type === 'NetworkUnavailable' && is === 'True',
      );
      return waits?.message ?? status?.addresses?.[0]?.address ?? '';
    });
  });
const nodesOfBoth = async (): Promise<string[]> => [...(await nodesOf('')), ...(await nodesOf('b'))];
const isOfPool = (text: string): boolean => text.startsWith('172.20.50.');

/** Who of a further cluster has an address of the segment. */
const holdersOfCluster = (cluster: string): Promise<string[]> =>
  withClient('', async (client) => {
    const { items } = await client.list(layer2Resources.segmentaddresses);
    return items.filter(({ spec }) => spec.holder.cluster === cluster).map(({ metadata }) => metadata.name);
  });

suite('two clusters of a lab', { skip: cannotSendPackets }, () => {
  before(async () => {
    writeFileSync(join(manifests, 'web.yaml'), application);
    for (const cluster of clusters) await up(cluster);
  });
  after(async () => {
    await weft('down', '--name', name);
    rmSync(manifests, { recursive: true });
  });

  test('reach each other by node ports, and so does whoever is outside', async () => {
    assert.equal(await connect('b', 'node:node-1', '172.20.1.2:30080'), 'allowed');
    assert.equal(await connect('', 'node:node-1', '172.20.2.2:30080'), 'allowed');
    assert.equal(await connect('b', 'internet', '172.20.2.1:30080'), 'allowed');
    assert.equal(await connect('', 'default/deployment/web', '172.20.2.1:30080'), 'allowed');
  });

  test('have each addresses of their own for load balancers, out of one range', async () => {
    const [first, second] = [await objectsOf(''), await objectsOf('b')];
    assert.notEqual(first.address, second.address);
    assert.equal(await connect('b', 'node:node-1', `${first.address}:80`), 'allowed');
    assert.equal(await connect('', 'default/deployment/web', `${second.address}:80`), 'allowed');
    assert.equal(await connect('', 'internet', `${second.address}:80`), 'allowed');
  });

  test('use the same pod addresses, each for its own pods', async () => {
    const [first, second] = [await objectsOf(''), await objectsOf('b')];
    assert.equal(first.pod.split('.').slice(0, 2).join('.'), second.pod.split('.').slice(0, 2).join('.'));
    for (const cluster of clusters) {
      const { code, out, err } = await weft('reach', '--live', '--pods', ...named(cluster));
      assert.equal(code, 0, out + err);
    }
  });

  test('are on a network that the first one alone describes: the other says so', async () => {
    const cameras = {
      apiVersion: 'weft.dev/v1alpha1',
      kind: 'Segment',
      metadata: { name: 'cameras' },
      spec: { prefix: '192.168.20.0/24' },
    };
    const file = join(manifests, 'cameras.json');
    writeFileSync(file, JSON.stringify(cameras));
    const { code, err } = await weft('up', '-f', file, ...named('b'), '--nodes', '2');
    rmSync(file);
    assert.equal(code, 2);
    assert.match(err, /cameras\.json:1: Segment cameras is of the network, which the first cluster of lab/);
    assert.match(err, /weft up --name test-clusters-\d+ -f/);
    await assert.rejects(
      withClient('b', (client) => client.create(layer2Resources.segments, cameras)),
      /the first cluster of the lab describes the network/,
    );
    await withClient('', (client) => client.create(layer2Resources.segments, cameras));
    await withClient('', (client) => client.delete(layer2Resources.segments, { name: 'cameras' }));
  });

  test('are on the network again after a kill of the processes of either', async () => {
    for (const cluster of clusters) {
      for (const found of processesOf(labOf(cluster))) if (found.role === 'control') kill(found);
      await whenWhole(labOf(cluster));
      // Nobody may have noticed yet that it is dead.
      await eventually(async () =>
        assert.equal(await connect('b', 'node:node-1', '172.20.1.2:30080'), 'allowed'),
      );
    }
  });

  test('are on one network again when the first one has crashed and was started anew', async () => {
    for (let left = processesOf(name); left.length > 0; left = processesOf(name)) left.forEach(kill);
    await up('');
    await eventually(async () =>
      assert.equal(await connect('b', 'node:node-1', '172.20.1.2:30080'), 'allowed'),
    );
    assert.equal(await connect('b', 'internet', '172.20.2.1:30080'), 'allowed');
  });

  test('share no network with one that was given its own', async () => {
    const own = ['--name', name, '--cluster', 'far'];
    const { code, err } = await weft('up', ...own, '--own-network', '--nodes', '1', '--wait');
    assert.equal(code, 0, err);
    const asked = await weft('connect', 'node:node-1', '172.20.1.2:30080', ...own, '-o', 'json');
    assert.equal((JSON.parse(asked.out) as { verdict: string }).verdict, 'unreachable');
    const again = await weft('up', ...own, '--nodes', '1');
    assert.equal(again.code, 2);
    assert.match(again.err, /runs with another/);
  });

  test('have their nodes’ addresses of one pool, of which none is given twice', async () => {
    const nodes = { name: 'nodes', range: '172.20.50.1-172.20.50.3' };
    await describeSegment([nodes]);
    await eventually(async () => {
      const told = await nodesOfBoth();
      assert.deepEqual(told.filter(isOfPool).toSorted(), ['172.20.50.1', '172.20.50.2', '172.20.50.3']);
      const [waiting = ''] = told.filter((text) => !isOfPool(text));
      assert.match(waiting, /pool nodes 172\.20\.50\.1-172\.20\.50\.3: 1 address is missing/);
    });
    await describeSegment([{ ...nodes, range: '172.20.50.1-172.20.50.9' }]);
    await eventually(async () =>
      assert.deepEqual(
        (await nodesOfBoth()).filter((text) => !isOfPool(text)),
        [],
      ),
    );
    const [there = ''] = await nodesOf('b');
    await eventually(async () => assert.equal(await connect('', 'node:node-1', `${there}:30080`), 'allowed'));
  });

  test('end alone, or with the lab', async () => {
    await weft('down', ...named('b'));
    assert.deepEqual(processesOf(labOf('b')), []);
    const [, second = ''] = await nodesOf('');
    assert.equal(await connect('', 'node:node-1', `${second}:30080`), 'allowed');
    assert.deepEqual(await holdersOfCluster('b'), []);
    await up('b');
    const running = processesOf(labOf('b'));
    await weft('down', '--name', name);
    assert.deepEqual(running.filter(isRunning), []);
    for (const cluster of clusters) assert.deepEqual(leftoversOf(labOf(cluster)), []);
  });
});
