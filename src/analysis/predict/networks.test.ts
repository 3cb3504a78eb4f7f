import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../../api/types/meta.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { NetworkModel } from '../../model/network/models.ts';
import type { Flow, Prediction } from '../flow.ts';
import { describeCluster } from '../testing/cluster.ts';
import { predict } from './predict.ts';

/*
 *     default 172.20.0.0/16   nodes 172.20.0.0/17: node-1 172.20.1.1 with a/client, node-2 172.20.1.2 with a/far
 *                             machines 172.20.128.0/24: firewall .4 (forwards), web .5
 *     spoke   10.1.0.0/16     apps 10.1.1.0/24: app .4      peered with default, without its gateway
 *     office  192.168.7.0/24  behind the gateway of default
 */
const object = (kind: string, name: string, spec: object): KubernetesObject => {
  const made = { apiVersion: 'weft.dev/v1alpha1', kind, metadata: { name }, spec };
  return made;
};

const machine = (name: string, where: string, address: string, more: object = {}): KubernetesObject => {
  const [network, subnet] = where.split('/');
  const nic = { name: 'eth0', network, subnet, addresses: [address], ...more };
  return object('VirtualMachine', name, { interfaces: [nic], ports: [{ port: 80 }] });
};

const nodes = (settings: object = {}): KubernetesObject =>
  object('VirtualNetwork', 'default', {
    addressSpace: ['172.20.0.0/16'],
    subnets: [
      { name: 'nodes', prefix: '172.20.0.0/17', ...settings },
      { name: 'machines', prefix: '172.20.128.0/24' },
    ],
  });

const spoke = (settings: object = {}): KubernetesObject =>
  object('VirtualNetwork', 'spoke', {
    addressSpace: ['10.1.0.0/16'],
    subnets: [{ name: 'apps', prefix: '10.1.1.0/24', ...settings }],
  });

const routes = (name: string, ...all: [prefix: string, type: string, hop?: string][]): KubernetesObject =>
  object('RouteTable', name, {
    routes: all.map(([prefix, nextHopType, nextHopAddress], index) => ({
      name: `r${index}`,
      prefix,
      nextHopType,
      ...(nextHopAddress !== undefined && { nextHopAddress }),
    })),
  });

const around: readonly KubernetesObject[] = [
  object('VirtualNetworkPeering', 'default-spoke', { networks: ['default', 'spoke'] }),
  object('Site', 'office', { prefixes: ['192.168.7.0/24'], gateway: { network: 'default' } }),
  object('Internet', 'default', { services: [{ name: 'store', prefixes: ['192.0.2.0/26'] }] }),
  machine('firewall', 'default/machines', '172.20.128.4', { enableIPForwarding: true }),
  machine('web', 'default/machines', '172.20.128.5'),
  machine('app', 'spoke/apps', '10.1.1.4'),
];

/** Pods of models without blocks have addresses of the subnet: 172.20.2.N. */
function clusterOf(model: NetworkModel, ...objects: KubernetesObject[]): Cluster {
  const ports = [{ containerPort: 8080 }];
  const cluster = describeCluster({
    pods: { 'a/client': { node: 1, ports }, 'a/far': { node: 2, ports } },
  });
  const named = new Set(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
  // Where the nodes' subnet has no table of routes, nothing leads to the pods of kubenet.
  const ofModel = model === 'kubenet' ? [nodes({ routeTable: 'nodes' }), routes('nodes')] : [nodes()];
  const others = [...ofModel, spoke(), ...around].filter(
    ({ kind, metadata }) => !named.has(`${kind} ${metadata.name}`),
  );
  const isOfNetwork = model === 'azure-cni' || model === 'azure-cni-dynamic';
  const pods = [...cluster.pods].map(
    ([key, pod], index) =>
      [
        key,
        isOfNetwork ? { ...pod, status: { ...pod.status, podIP: `172.20.2.${index + 1}` } } : pod,
      ] as const,
  );
  return {
    ...cluster,
    config: { ...cluster.config, model },
    pods: new Map(pods),
    surroundings: [...objects, ...others],
  };
}

function ask(cluster: Cluster, text: string): Prediction {
  const [, from = '', to = '', port = ''] = /^(\S+) -> (\S+) (\d+)$/.exec(text) ?? [];
  const end = (name: string): Flow['source'] => {
    if (name.startsWith('node:')) return { kind: 'node', name: name.slice(5) };
    if (name.startsWith('a/')) return { kind: 'pod', key: name };
    const [machine, address = ''] = name.split('@');
    return address === ''
      ? { kind: 'address', address: name }
      : { kind: 'address', address, machine: machine ?? '' };
  };
  return predict(cluster, { source: end(from), destination: end(to), protocol: 'TCP', port: Number(port) });
}

const summary = (cluster: Cluster, text: string): string => {
  const { verdict, outcomes } = ask(cluster, text);
  return [verdict, outcomes[0]?.sourceSeen].filter(Boolean).join(' ');
};

const publicAddress = /^allowed 203\.0\.113\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])$/;

test('pods reach pods of other nodes, machines, peers and sites, as their model has them seen', () => {
  const seen = (model: NetworkModel): string[] => {
    const cluster = clusterOf(model);
    const targets = ['a/far 8080', '172.20.128.5 80', '10.1.1.4 80', '192.168.7.1 80', '172.20.128.5 81'];
    return targets.map((target) => summary(cluster, `a/client -> ${target}`));
  };
  const node = 'allowed 172.20.1.1';
  assert.deepEqual(seen('kubenet'), ['allowed 10.244.1.1', node, node, node, 'refused']);
  assert.deepEqual(seen('azure-cni-overlay'), ['allowed 10.244.1.1', node, node, node, 'refused']);
  const pod = 'allowed 172.20.2.1';
  assert.deepEqual(seen('azure-cni'), [pod, pod, node, node, 'refused']);
  assert.deepEqual(seen('azure-cni-dynamic'), [pod, pod, pod, pod, 'refused']);
});

test('what answers goes through no appliance that puts its own address in and has not seen what was asked', () => {
  const by = (masquerade: boolean): Cluster =>
    clusterOf(
      'azure-cni',
      nodes({ routeTable: 'rt' }),
      routes('rt', ['10.1.0.0/16', 'VirtualAppliance', '172.20.128.7']),
      machine('fw', 'default/machines', '172.20.128.7', { enableIPForwarding: true, masquerade }),
    );
  const flow = 'vm:app@10.1.1.4 -> a/client 8080';
  assert.equal(ask(by(false), flow).verdict, 'allowed');
  const { verdict, why } = ask(by(true), flow);
  assert.equal(verdict, 'unreachable');
  assert.match(
    why ?? '',
    /^the answer is lost: vm:fw puts its own address in \(NAT\), and has not seen what this answers$/,
  );
});

test('pods of kubenet find each other by the table of the nodes’ subnet, if it has one', () => {
  const { why } = ask(clusterOf('kubenet', nodes()), 'a/client -> a/far 8080');
  assert.match(why ?? '', /^network default has no route to 10\.244\.2\.1/);
});

test('the internet sees a public address of the network, whoever asks', () => {
  for (const model of ['kubenet', 'azure-cni', 'azure-cni-dynamic', 'azure-cni-overlay'] as const) {
    const cluster = clusterOf(model);
    assert.match(summary(cluster, 'a/client -> 203.0.113.10 443'), publicAddress, model);
    assert.match(summary(cluster, 'a/client -> 192.0.2.5 443'), publicAddress, model);
    assert.match(summary(cluster, 'vm:web@172.20.128.5 -> 203.0.113.10 443'), publicAddress, model);
    assert.equal(summary(cluster, '203.0.113.10 -> node:node-1 80'), 'unreachable', model);
  }
});

test('machines reach pods that have addresses of the network, and each other', () => {
  const flows = ['vm:web@172.20.128.5 -> a/far 8080', 'site:office@192.168.7.1 -> a/far 8080'];
  const seen = (model: NetworkModel): string[] => flows.map((flow) => summary(clusterOf(model), flow));
  assert.deepEqual(seen('azure-cni'), ['allowed 172.20.128.5', 'allowed 192.168.7.1']);
  assert.deepEqual(seen('kubenet'), ['unreachable', 'unreachable']);
  const cluster = clusterOf('kubenet');
  assert.equal(summary(cluster, 'vm:app@10.1.1.4 -> 172.20.128.5 80'), 'allowed 10.1.1.4');
  assert.equal(summary(cluster, 'vm:app@10.1.1.4 -> 192.168.7.1 80'), 'unreachable');
  assert.match(ask(cluster, 'vm:app@10.1.1.4 -> 172.20.128.99 80').why ?? '', /^nobody has the address/);
});

test('a service endpoint shows a private address, past a route that leads nowhere', () => {
  const table = routes('rt', ['0.0.0.0/0', 'None']);
  const cluster = clusterOf(
    'azure-cni-dynamic',
    nodes({ serviceEndpoints: ['store'], routeTable: 'rt' }),
    table,
  );
  assert.equal(summary(cluster, 'a/client -> 192.0.2.5 443'), 'allowed 172.20.2.1');
  const { verdict, why, outcomes } = ask(cluster, 'a/client -> 203.0.113.10 443');
  assert.equal(verdict, 'unreachable');
  assert.equal(
    why,
    'network default has no route to 203.0.113.10: RouteTable rt, r0 (0.0.0.0/0, None); without that route it may',
  );
  const [reason] = outcomes[0]?.reasons.slice(-1) ?? [];
  assert.deepEqual(
    [reason?.stage, reason?.object, reason?.rule],
    ['route', 'RouteTable rt', 'spec.routes[0]'],
  );
});

test('a security group is named with the rule that decides and what would change it', () => {
  const group = object('NetworkSecurityGroup', 'g', {
    rules: [
      {
        name: 'no-web',
        priority: 200,
        direction: 'Outbound',
        access: 'Deny',
        destinations: ['172.20.128.5'],
      },
      { name: 'no-pods', priority: 300, direction: 'Inbound', access: 'Deny', destinationPorts: ['8080'] },
    ],
  });
  const cluster = clusterOf('azure-cni', nodes({ networkSecurityGroup: 'g' }), group);
  const sourceOf = ({ kind, key }: { kind: string; key: string }, path: string) => ({
    file: `${kind}-${key}.yaml`,
    line: path.length,
  });
  const flow: Flow = {
    source: { kind: 'pod', key: 'a/client' },
    destination: { kind: 'address', address: '172.20.128.5' },
    protocol: 'TCP',
    port: 80,
  };
  const { verdict, why, outcomes } = predict(cluster, flow, { sourceOf });
  assert.equal(verdict, 'unreachable');
  assert.equal(
    why,
    'NetworkSecurityGroup g of subnet nodes does not let it out: no-web (200); ' +
      'a rule that allows Outbound TCP from 172.20.2.1 to 172.20.128.5:80 with a priority below 200 would',
  );
  assert.deepEqual(outcomes[0]?.reasons.at(-1), {
    stage: 'security',
    object: 'NetworkSecurityGroup g',
    rule: 'spec.rules[0]',
    verdict: 'unreachable',
    file: 'NetworkSecurityGroup-g.yaml',
    line: 13,
  });
  assert.equal(summary(cluster, 'a/client -> a/far 8080'), 'unreachable', 'also within one subnet');
  assert.equal(summary(cluster, 'vm:web@172.20.128.5 -> a/far 8080'), 'unreachable');
  assert.equal(summary(cluster, 'a/far -> 10.1.1.4 80'), 'allowed 172.20.1.2');
});

test('appliances have to be there, to forward and to be told the way back', () => {
  const through = (...more: KubernetesObject[]): Cluster =>
    clusterOf(
      'azure-cni',
      nodes({ routeTable: 'rt' }),
      routes(
        'rt',
        ['10.1.0.0/16', 'VirtualAppliance', '172.20.128.4'],
        ['172.20.128.5/32', 'VirtualAppliance', '172.20.128.77'],
      ),
      ...more,
    );
  const { verdict, outcomes } = ask(through(), 'a/client -> 10.1.1.4 80');
  assert.equal(verdict, 'allowed');
  assert.deepEqual(outcomes[0]?.path.map(({ at, action }) => `${at}: ${action}`).slice(-4), [
    'network:default: RouteTable rt, r0 (10.1.0.0/16, VirtualAppliance 172.20.128.4): to vm:firewall',
    'network:default: system route 10.1.0.0/16 (VNetPeering): to vm:app',
    'vm:app: answers directly, asked by vm:firewall: who keeps track of connections would not let this pass',
    'vm:app: listens on TCP 80',
  ]);
  assert.match(
    ask(through(), 'a/client -> 172.20.128.5 80').why ?? '',
    /^nobody has the next hop: RouteTable rt, r1/,
  );
  const still = machine('firewall', 'default/machines', '172.20.128.4');
  assert.match(
    ask(through(still), 'a/client -> 10.1.1.4 80').why ?? '',
    /does not forward.*enableIPForwarding/,
  );
  const back = [spoke({ routeTable: 'back' }), routes('back', ['172.20.0.0/17', 'None'])];
  assert.match(
    ask(through(...back), 'a/client -> 10.1.1.4 80').why ?? '',
    /^the answer is lost: network spoke has no route/,
  );
});

test('a site with static routes has no way back to a network that uses its gateway from afar', () => {
  const transit = object('VirtualNetworkPeering', 'default-spoke', {
    networks: ['default', 'spoke'],
    allowGatewayTransit: true,
    useRemoteGateways: true,
  });
  const site = (routing: string): KubernetesObject =>
    object('Site', 'office', {
      prefixes: ['192.168.7.0/24'],
      gateway: { network: 'default' },
      routing,
      ports: [{ port: 80 }],
    });
  const app = 'vm:app@10.1.1.4 -> 192.168.7.1 80';
  const [still, told] = [site('static'), site('bgp')].map((one) => clusterOf('azure-cni', transit, one));
  assert.ok(still !== undefined && told !== undefined);
  assert.equal(summary(told, app), 'allowed 10.1.1.4');
  assert.match(
    ask(still, app).why ?? '',
    /^the answer is lost: site:office knows network default alone, for its routing is static/,
  );
  assert.match(ask(still, 'site:office@192.168.7.1 -> 10.1.1.4 80').why ?? '', /with bgp it would know/);
  assert.equal(summary(still, 'vm:web@172.20.128.5 -> 192.168.7.1 80'), 'allowed 172.20.128.5');
});
