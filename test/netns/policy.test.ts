/**
 * The life of NetworkPolicies, with packets, in the model `calico`.
 *
 *     node-1, pods 10.244.0.0/24    shop/client, shop/other, garden/visitor
 *     node-2, pods 10.244.1.0/24    shop/server (TCP 8080 "web", 9090 "admin", 9091; UDP 5353), shop/near
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { resources } from '../../src/api/resources.ts';
import type { Service } from '../../src/api/types/core.ts';
import type { NetworkPolicyPeer, NetworkPolicySpec } from '../../src/api/types/network.ts';
import { nodeNetns } from '../../src/model/fabric/default-fabric.ts';
import { labNodeAddress } from '../../src/model/network/lab-addresses.ts';
import type { ProbeResult } from '../../src/workload/port.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';
import { eventually, openFlow, silenceMs, type Flow } from './flow.ts';
import { enforce, label, namespace, policy, withPortNames } from './objects.ts';

const pods = ['shop/client', 'shop/other', 'garden/visitor', 'shop/server', 'shop/near'] as const;
type PodKey = (typeof pods)[number];

/** Of the default service range: kube-dns. */
const clusterDns = '10.96.0.10';

const open: NetworkPolicySpec = { podSelector: { matchLabels: { name: 'nobody' } } };
const toServer = { podSelector: { matchLabels: { name: 'server' } } };
const fromPods = (name: string): { from: NetworkPolicyPeer[] } => ({
  from: [{ podSelector: { matchLabels: { name } } }],
});

/** Asked for at the node of the server alone. */
const keptPort = 30_180;
const kept: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'kept', namespace: 'shop' },
  spec: {
    type: 'NodePort',
    externalTrafficPolicy: 'Local',
    selector: { name: 'server' },
    ports: [
      { name: 'web', protocol: 'TCP', port: 80, targetPort: 8080, nodePort: keptPort },
      { name: 'time', protocol: 'UDP', port: 80, targetPort: 5353, nodePort: keptPort },
    ],
  },
};

describe('NetworkPolicy in its life', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  const address = {} as Record<PodKey, string>;
  const netns = {} as Record<PodKey, string>;
  const flows: Flow[] = [];

  before(async () => {
    lab = await startLab('policy');
    await lab.apply([
      namespace('shop', { team: 'shop' }),
      namespace('garden'),
      podOn('node-1', 'shop/client'),
      podOn('node-1', 'shop/other'),
      podOn('node-1', 'garden/visitor'),
      withPortNames(podOn('node-2', 'shop/server', { ports: [8080, 9090, 9091], udp: [5353] }), [
        'web',
        'admin',
        'more',
        'time',
      ]),
      podOn('node-2', 'shop/near'),
      kept,
    ]);
    for (const key of pods) {
      address[key] = (await lab.pod(key)).status?.podIP ?? '';
      netns[key] = await lab.netnsOf(key);
    }
  });
  beforeEach(() => enforce(lab, policy('shop/p', open)));
  after(async () => {
    for (const flow of flows) flow.close();
    await lab?.down();
  });

  const flow = (from: PodKey, to: PodKey, { protocol = 'tcp', port = 8080 } = {}): Flow => {
    const opened = openFlow(lab.sockets, netns[from], {
      protocol: protocol === 'udp' ? 'udp' : 'tcp',
      address: address[to],
      port,
    });
    flows.push(opened);
    return opened;
  };
  const probe = (from: PodKey, port: number, protocol: 'TCP' | 'UDP' = 'TCP'): Promise<ProbeResult> =>
    lab.probe(netns[from], `${address['shop/server']}:${port}`, { protocol });
  const outcomes = async (from: PodKey, ports: readonly number[]): Promise<Record<number, string>> =>
    Object.fromEntries(
      await Promise.all(ports.map(async (port) => [port, (await probe(from, port)).outcome] as const)),
    );

  const directions = {
    ingress: (allowed: string) =>
      policy('shop/p', { ...toServer, policyTypes: ['Ingress'], ingress: [fromPods(allowed)] }),
    egress: (allowed: string) =>
      policy('shop/p', {
        podSelector: { matchLabels: { name: 'client' } },
        policyTypes: ['Egress'],
        egress: [
          allowed === 'client'
            ? { to: [toServer] }
            : { to: [{ podSelector: { matchLabels: { name: 'near' } } }] },
        ],
      }),
  };

  for (const [direction, allowing] of Object.entries(directions)) {
    test(`a change of an ${direction} policy cuts established flows, and the next lets them go on`, async () => {
      const tcp = flow('shop/client', 'shop/server');
      const udp = flow('shop/client', 'shop/server', { protocol: 'udp', port: 5353 });
      const bystander = flow('shop/near', 'shop/server');
      for (const each of [tcp, udp, bystander]) each.ask();
      for (const each of [tcp, udp, bystander]) assert.ok(await each.answer(), each.error);

      await enforce(lab, allowing('near'));
      for (const each of [tcp, udp, bystander]) each.ask();
      assert.ok(await bystander.answer(), 'another pod was cut as well');
      assert.equal(await tcp.answer(silenceMs), undefined);
      assert.equal(await udp.answer(1), undefined);
      assert.equal(tcp.error, undefined, 'a cut is silence');

      await enforce(lab, allowing('client'));
      assert.ok(await tcp.answer(), 'what was sent meanwhile is repeated and answered');
      udp.ask();
      assert.ok(await udp.answer());
    });
  }

  test('a denied packet tells its direction, the pod and the policies that isolate it', async () => {
    await enforce(lab, policy('shop/p', { ...toServer, ingress: [fromPods('near')] }));
    const denial = {
      node: 'node-2',
      direction: 'ingress',
      pod: 'shop/server',
      policies: ['shop/p'],
      source: address['shop/client'],
      destination: address['shop/server'],
      destinationPort: 8080,
    };
    for (const result of [await probe('shop/client', 8080), await probe('garden/visitor', 8080)]) {
      assert.equal(result.outcome, 'denied', JSON.stringify(result));
    }
    const { protocol, sourcePort, ...evidence } = (await probe('shop/client', 8080)).denial ?? {};
    assert.deepEqual({ protocol, ...evidence }, { protocol: 'TCP', ...denial });
    assert.equal(typeof sourcePort, 'number');
    assert.equal((await probe('shop/client', 5353, 'UDP')).denial?.protocol, 'UDP');
    await enforce(
      lab,
      policy('shop/p', { podSelector: { matchLabels: { name: 'client' } }, policyTypes: ['Egress'] }),
    );
    const egress = (await probe('shop/client', 8080)).denial;
    assert.deepEqual(
      { node: egress?.node, direction: egress?.direction, pod: egress?.pod },
      { node: 'node-1', direction: 'egress', pod: 'shop/client' },
    );
  });

  test('a pod that asks a node port of another node, kept local there, is denied as the node it lives on, and is told so', async () => {
    const [asker, asked] = [labNodeAddress(0, 'IPv4'), labNodeAddress(1, 'IPv4')];
    for (const protocol of ['TCP', 'UDP'] as const) {
      const ask = (): Promise<ProbeResult> =>
        lab.probe(netns['shop/client'], `${asked}:${keptPort}`, { protocol });
      await enforce(
        lab,
        policy('shop/p', { ...toServer, ingress: [{ from: [{ ipBlock: { cidr: `${asker}/32` } }] }] }),
      );
      assert.equal((await ask()).answer?.source, asker);
      await enforce(lab, policy('shop/p', { ...toServer, ingress: [fromPods('client')] }));
      const { outcome, denial } = await ask();
      assert.equal(outcome, 'denied', 'its own address would have been let in');
      assert.deepEqual(
        [denial?.node, denial?.pod, denial?.source, denial?.policies],
        ['node-2', 'shop/server', asker, ['shop/p']],
      );
    }
  });

  test('the node a pod lives on is always let in, other nodes are not', async () => {
    await enforce(lab, policy('shop/p', { ...toServer, ingress: [] }));
    const target = `${address['shop/server']}:8080`;
    assert.equal((await lab.probe(nodeNetns('node-2'), target)).outcome, 'answered');
    assert.equal((await lab.probe(nodeNetns('node-1'), target)).outcome, 'denied');
    assert.equal((await lab.probe(netns['shop/server'], target)).outcome, 'answered', 'a pod reaches itself');
  });

  test('default deny of egress shuts out DNS until a rule for kube-dns opens it', async () => {
    const spec: NetworkPolicySpec = {
      podSelector: { matchLabels: { name: 'client' } },
      policyTypes: ['Egress'],
    };
    const ask = (): Promise<ProbeResult> => lab.probe(netns['shop/client'], `${clusterDns}:53`);
    await enforce(lab, policy('shop/p', spec));
    assert.equal((await ask()).denial?.direction, 'egress');
    await enforce(
      lab,
      policy('shop/p', {
        ...spec,
        egress: [
          {
            to: [
              {
                namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
                podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
              },
            ],
            ports: [
              { protocol: 'UDP', port: 53 },
              { protocol: 'TCP', port: 53 },
            ],
          },
        ],
      }),
    );
    assert.equal((await ask()).outcome, 'answered');
    assert.equal((await probe('shop/client', 8080)).outcome, 'denied', 'nothing else was opened');
  });

  test('named ports, ranges of ports and exceptions of an address block are what they say', async () => {
    const ports = [8080, 9090, 9091];
    const ingress = (spec: NonNullable<NetworkPolicySpec['ingress']>) =>
      enforce(lab, policy('shop/p', { ...toServer, ingress: spec }));
    await ingress([{ ports: [{ port: 'admin' }] }]);
    assert.deepEqual(await outcomes('shop/client', ports), {
      8080: 'denied',
      9090: 'answered',
      9091: 'denied',
    });
    await ingress([{ ports: [{ port: 9090, endPort: 9099 }] }]);
    assert.deepEqual(await outcomes('shop/client', [...ports, 9099]), {
      8080: 'denied',
      9090: 'answered',
      9091: 'answered',
      9099: 'refused',
    });
    const except = [`${address['shop/client']}/32`];
    await ingress([{ from: [{ ipBlock: { cidr: '10.244.0.0/16', except } }] }]);
    assert.equal((await probe('shop/client', 8080)).outcome, 'denied');
    assert.equal((await probe('shop/other', 8080)).outcome, 'answered');
  });

  test('labels of a pod and of its namespace move it between policies at once', async () => {
    await enforce(
      lab,
      policy('shop/p', {
        ...toServer,
        ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'green' } } }, ...guests] }],
      }),
    );
    const visitor = async (): Promise<string> => (await probe('garden/visitor', 8080)).outcome;
    assert.equal(await visitor(), 'denied');
    await label(lab, 'garden', { team: 'green' });
    assert.equal(await visitor(), 'answered');
    const established = flow('garden/visitor', 'shop/server');
    established.ask();
    assert.ok(await established.answer());
    await label(lab, 'garden', { team: null });
    assert.equal(await visitor(), 'denied');
    established.ask();
    assert.equal(await established.answer(silenceMs), undefined, 'the flow is cut as well');

    assert.equal((await probe('shop/client', 8080)).outcome, 'denied');
    await label(lab, 'shop/client', { role: 'guest' });
    assert.equal((await probe('shop/client', 8080)).outcome, 'answered');
    await label(lab, 'shop/client', { role: null });
    assert.equal((await probe('shop/client', 8080)).outcome, 'denied');
    await label(lab, 'shop/server', { name: 'free' });
    assert.equal((await probe('shop/client', 8080)).outcome, 'answered', 'no policy selects the server now');
    await label(lab, 'shop/server', { name: 'server' });
  });

  test('a policy that is gone isolates nobody', async () => {
    await enforce(lab, policy('shop/p', { ...toServer, ingress: [] }));
    assert.equal((await probe('shop/client', 8080)).outcome, 'denied');
    await lab.connection.client.delete(resources.networkpolicies, { namespace: 'shop', name: 'p' });
    await eventually(
      'the server is open',
      async () => (await probe('shop/client', 8080)).outcome === 'answered',
    );
  });
});

const guests: NetworkPolicyPeer[] = [
  {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } },
    podSelector: { matchLabels: { role: 'guest' } },
  },
];
