import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { fabricResources, resources } from '../../api/resources.ts';
import type { UserRoute } from '../../api/types/fabric.ts';
import { createFakeLab } from '../testing/fake-lab.ts';
import { shopCluster } from '../testing/shop-cluster.ts';
import { run } from '../testing/terminal.ts';

const plan = (words: string, lab?: Parameters<typeof run>[1]): ReturnType<typeof run> =>
  run(['plan', ...words.split(' ')], lab);

test('a plan that fits says what it takes, and how far it can grow', async () => {
  const { code, out } = await plan(
    '--network azure-cni --nodes 50 --surge 1 --max-pods 30 --subnet 10.240.0.0/21',
  );
  assert.equal(
    out,
    `RANGE        PREFIX         NEEDED  USABLE  RESERVED  SMALLEST
node subnet  10.240.0.0/21  1581    2043    5         /21

azure-cni: fits
at most 65 nodes, with 1950 pods
`,
  );
  assert.equal(code, 0);
});

test('a plan that does not fit says why and what would, with exit code 1', async () => {
  const { code, out } = await plan('--network azure-cni --nodes 8 --subnet 10.240.0.0/24');
  assert.match(
    out,
    /^azure-cni: does not fit\n- node subnet .* it would fit with a \/23, or with 7 nodes, or/m,
  );
  assert.equal(code, 1);
});

test('JSON has the fields that scripts rely on, and YAML the same', async () => {
  const words = '--network azure-cni-dynamic --nodes 3 --pod-subnet 10.241.0.0/24 --pods-per-node 25 -o';
  const answer = JSON.parse((await plan(`${words} json`)).out) as Record<string, unknown>;
  const fields =
    'model required reserved usable ranges fits smallestPrefix maxNodes maxPods warnings reasons';
  assert.deepEqual(Object.keys(answer), fields.split(' '));
  assert.deepEqual((answer['ranges'] as unknown[])[1], {
    name: 'pod subnet',
    prefix: '10.241.0.0/24',
    required: 4 * 48,
    reserved: 5,
    usable: 240,
    fits: true,
    smallestPrefix: 24,
  });
  assert.deepEqual(parse((await plan(`${words} yaml`)).out), answer);
});

test('pools of Windows nodes count, in the models that have such', async () => {
  const sized = '--nodes 2 --max-pods 30 --pool 3:30:windows --subnet 10.240.0.0/24';
  const fits = await plan(`--network azure-cni ${sized}`);
  assert.deepEqual([fits.code, /\b217\b/.test(fits.out)], [0, true], fits.out);
  const none = await plan(`--network kubenet ${sized}`);
  assert.equal(none.code, 1);
  assert.match(none.out, /kubenet has no Windows nodes; azure-cni and azure-cni-overlay have/);
});

test('pools of machines on one’s own premises', async () => {
  const { code, out } = await plan(
    '--hci-cluster 3+5 --hci-cluster 1+3 --service-ports 443,443,443,80 --node-pool 10.0.0.10-10.0.0.36 --vip-pool 10.0.0.40-10.0.0.43',
  );
  assert.equal(code, 1);
  assert.match(out, /^node pool +10\.0\.0\.10-10\.0\.0\.36 +27 +27 /m);
  assert.match(out, /vip pool 10\.0\.0\.40\/30 has 4 addresses to give, and 5 are needed/);
  assert.equal((await plan('--device-nodes 1 --node-pool 10.0.0.1-10.0.0.2')).code, 0);
});

test('a running lab says what is taken, and whether a change would fit', async () => {
  const lab = createFakeLab(await shopCluster());
  const now = await plan('--live', lab.connection);
  assert.equal(now.code, 0, now.out + now.err);
  assert.match(now.out, /^pod range +10\.244\.0\.0\/16 /m);
  assert.match(now.out, /^now \d+ nodes with \d+ pods; \d+ more nodes fit, and \d+ more pods on these$/m);
  const changed = await plan('--live --nodes 300', lab.connection);
  assert.equal(changed.code, 1);
  assert.match(changed.out, /pod range 10\.244\.0\.0\/16 has 65536 addresses to give, and 77056 are needed/);
});

test('a lab in a virtual network is planned with the subnets that its nodes and pods are in', async () => {
  const lab = createFakeLab(await shopCluster());
  const apiVersion = 'weft.dev/v1alpha1';
  const body = { model: 'azure-cni-dynamic', podIPAllocation: 'StaticBlock', maxPodsPerNode: 30 } as const;
  await lab.client.create(resources.clusternetworks, {
    apiVersion,
    kind: 'ClusterNetwork',
    metadata: { name: 'default' },
    spec: body,
  });
  await lab.client.create(fabricResources.virtualnetworks, {
    apiVersion,
    kind: 'VirtualNetwork',
    metadata: { name: 'default' },
    spec: {
      addressSpace: ['172.20.0.0/16'],
      subnets: [
        { name: 'nodes', prefix: '172.20.0.0/24' },
        { name: 'pods', prefix: '172.20.4.0/25' },
      ],
    },
  });
  const now = await plan('--live', lab.connection);
  assert.match(now.out, /^node subnet +172\.20\.0\.0\/24 /m);
  assert.match(now.out, /^pod subnet +172\.20\.4\.0\/25 /m);
  assert.match((await plan('--live --nodes 4', lab.connection)).out, /in blocks of 16/);
});

test('users’ own routes in the table of nodes count against what it holds', async () => {
  const lab = createFakeLab(await shopCluster());
  const apiVersion = 'weft.dev/v1alpha1';
  await lab.client.create(resources.clusternetworks, {
    apiVersion,
    kind: 'ClusterNetwork',
    metadata: { name: 'default' },
    spec: { model: 'kubenet', podCIDR: '10.128.0.0/14', serviceCIDR: '10.96.0.0/16' },
  });
  await lab.client.create(fabricResources.virtualnetworks, {
    apiVersion,
    kind: 'VirtualNetwork',
    metadata: { name: 'default' },
    spec: {
      addressSpace: ['172.20.0.0/16'],
      subnets: [{ name: 'nodes', prefix: '172.20.0.0/17', routeTable: 'of-nodes' }],
    },
  });
  const { items } = await lab.client.list(resources.nodes);
  const names = items.map(({ metadata }) => metadata.name);
  const route = (name: string, prefix: string): UserRoute => ({ name, prefix, nextHopType: 'None' });
  await lab.client.create(fabricResources.routetables, {
    apiVersion,
    kind: 'RouteTable',
    metadata: { name: 'of-nodes' },
    spec: {
      routes: [
        ...names.map((name, index) => route(name, `10.128.${index}.0/24`)),
        route('gone', '10.129.9.0/24'),
        ...[1, 2, 3].map((index) => route(`own-${index}`, `10.${index}.0.0/16`)),
      ],
    },
  });
  assert.match((await plan('--live', lab.connection)).out, /^at most 397 nodes/m);
  const { code, out } = await plan('--live --surge 0 --nodes 398', lab.connection);
  assert.equal(code, 1);
  assert.match(
    out,
    /398 nodes, upgrades included, exceed 397: .* holds 400 routes, 3 of which are others'$/m,
  );
  const held = await plan('--live --surge 0 --nodes 397', lab.connection);
  assert.equal(held.code, 0, held.out);
});

test('what was typed wrong is named, with what the option takes', async () => {
  for (const [words, says] of [
    ['--nodes 3', /--network is missing or not valid\n  it takes kubenet, azure-cni,/],
    ['--network kubenet', /--nodes is missing/],
    ['--network x --nodes 3', /--network is missing or not valid/],
    [
      '--network kubenet --nodes 3 --subnet 10.0.0.0',
      /--subnet is missing or not valid\n  it takes a prefix of IPv4/,
    ],
    ['--network kubenet --nodes 3 --subnet fd00::/64', /--subnet/],
    ['--network kubenet --nodes 3 --surge -1', /--surge/],
    ['--network kubenet --nodes 3 --pool 3', /--pool is missing or not valid\n  it takes NODES:MAXPODS/],
    ['--hci-cluster 3', /--hci-cluster/],
    ['--device-nodes 1 --node-pool 10.0.0.9-10.0.0.1', /--node-pool .*\n  it takes FIRST-LAST/],
    ['--device-nodes 1 --service-ports 0', /--service-ports/],
    ['--device-nodes 1 --network kubenet', /--network .*\n  it takes calico, flannel/],
    ['--live', /there is no lab "lab"/],
  ] as const) {
    const { code, err } = await plan(words);
    assert.equal(code, 2, words);
    assert.match(err, says, words);
  }
});
