/**
 * Domain names in policies, with lookups and packets.
 *
 *     shop/client      may ask the cluster DNS, and connect to port 80 of *.example.com; nothing else
 *     garden/visitor   may do anything
 *     internet         answers at every public address; its resolver has names that say their addresses
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Flow } from '../../src/analysis/flow.ts';
import { predict } from '../../src/analysis/predict/predict.ts';
import { readCluster } from '../../src/lab/cluster-of.ts';
import type { KubernetesObject } from '../../src/api/types/meta.ts';
import { networkConfigOf } from '../../src/model/network/config.ts';
import { labAddresses } from '../../src/model/network/lab-addresses.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';
import { addressesOf, query } from './dns-client.ts';
import { eventually, openFlow, silenceMs, type Flow as OpenFlow } from './flow.ts';
import { namespace } from './objects.ts';
import { killRole } from './processes.ts';

const resolver = '10.96.0.10';
const base = [
  namespace('shop', { team: 'shop' }),
  namespace('garden'),
  podOn('node-1', 'shop/client'),
  podOn('node-1', 'garden/visitor'),
];

function onlyTo(domainNames: readonly string[]): KubernetesObject {
  const dns = { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } };
  const object = {
    apiVersion: 'policy.networking.k8s.io/v1alpha2',
    kind: 'ClusterNetworkPolicy',
    metadata: { name: 'only-some-names' },
    spec: {
      tier: 'Admin',
      priority: 1,
      subject: { namespaces: { matchLabels: { team: 'shop' } } },
      egress: [
        { action: 'Accept', to: [{ namespaces: dns }] },
        {
          action: 'Accept',
          to: [{ domainNames }],
          protocols: [{ tcp: { destinationPort: { number: 80 } } }],
        },
        { action: 'Deny', to: [{ networks: ['0.0.0.0/0'] }] },
      ],
    },
  };
  return object;
}
const policy = onlyTo(['*.example.com']);

describe('domain names in policies', { skip: cannotSendPackets }, () => {
  let lab: TestLab;

  before(async () => {
    const config = networkConfigOf({
      apiVersion: 'weft.dev/v1alpha1',
      kind: 'ClusterNetwork',
      metadata: { name: 'default' },
      spec: { minimumDomainTTL: 2 },
    });
    lab = await startLab('domains', { nodes: 1, config });
    await lab.apply([...base, policy]);
  });
  after(async () => lab?.down());

  const ask = async (name: string, from = 'shop/client'): Promise<string[]> => {
    const asker = { sockets: lab.sockets, netns: await lab.netnsOf(from), server: resolver };
    return addressesOf((await query(asker, name)).answers);
  };
  /** For the moments in which a process starts again. */
  const answers = async (name: string): Promise<boolean> =>
    ask(name).then(
      (addresses) => addresses.length > 0,
      () => false,
    );
  const connect = async (to: string, from = 'shop/client'): Promise<string> =>
    (await lab.probe(await lab.netnsOf(from), to)).outcome;
  const flowTo = async (address: string): Promise<OpenFlow> => {
    const flow = openFlow(lab.sockets, await lab.netnsOf('shop/client'), {
      protocol: 'tcp',
      address,
      port: 80,
    });
    flow.ask();
    assert.notEqual(await flow.answer(), undefined, 'the connection stands');
    return flow;
  };
  const goesOn = async (flow: OpenFlow, timeoutMs?: number): Promise<boolean> => {
    flow.ask();
    return (await flow.answer(timeoutMs)) !== undefined;
  };

  test('an address is open from the answer on that says it, on the ports of the rule, and no other is', async () => {
    assert.equal(await connect('198.51.100.7:80'), 'denied');
    assert.deepEqual(await ask('198-51-100-7.EXAMPLE.com'), ['198.51.100.7']);
    assert.equal(await connect('198.51.100.7:80'), 'answered');
    assert.equal(await connect('198.51.100.7:443'), 'denied');
    assert.equal(await connect('198.51.100.8:80'), 'denied');
    assert.equal(await connect('198.51.100.8:80', 'garden/visitor'), 'answered');
  });

  test('what is learned is told, and the prediction of the address and of the name is what packets do', async () => {
    const predicted = async (destination: Flow['destination']): Promise<string> => {
      const { client } = lab.connection;
      const cluster = { ...(await readCluster(client)), domains: await lab.connection.domains() };
      const source = { kind: 'pod', key: 'shop/client' } as const;
      return predict(cluster, { source, destination, protocol: 'TCP', port: 80 }).verdict;
    };
    const address = { kind: 'address', address: '198.51.100.61' } as const;
    const name = { kind: 'domain', name: '198-51-100-61.example.com' } as const;
    assert.equal(await predicted(address), 'unknown');
    assert.equal(await predicted(name), 'allowed');
    assert.equal(await predicted({ kind: 'domain', name: '198-51-100-61.example.org' }), 'denied');
    await ask(name.name);
    assert.deepEqual((await lab.connection.domains()).get(name.name), [address.address]);
    assert.equal(await predicted(address), 'allowed');
    assert.equal(await connect('198.51.100.61:80'), 'answered');
  });

  test('every answer is programmed before the pod has it', async () => {
    for (let last = 100; last < 130; last++) {
      const [address = ''] = await ask(`198-51-100-${last}.example.com`);
      assert.equal(await connect(`${address}:80`), 'answered');
    }
  });

  test('a wildcard means names below, through aliases too, and no others', async () => {
    assert.deepEqual(await ask('example.com'), [labAddresses.internet]);
    assert.deepEqual(await ask('198-51-100-20.example.org'), ['198.51.100.20']);
    assert.equal(await connect(`${labAddresses.internet}:80`), 'denied');
    assert.equal(await connect('198.51.100.20:80'), 'denied');
    await ask('alias.example.com');
    assert.equal(await connect(`${labAddresses.internet}:80`), 'answered');
  });

  test('a name cannot open the way to the cluster itself', async () => {
    const address = (await lab.pod('garden/visitor')).status?.podIP ?? '';
    assert.deepEqual(await ask(`${address.replaceAll('.', '-')}.example.com`), [address]);
    assert.equal(await connect(`${address}:80`), 'denied');
  });

  test('when the time of an address is up, connections go on and new ones are denied', async () => {
    await ask('ttl-1.198-51-100-9.example.com');
    const flow = await flowTo('198.51.100.9');
    await eventually('the address expires', async () => (await connect('198.51.100.9:80')) === 'denied');
    assert.ok(await goesOn(flow));
    assert.equal(await connect('198.51.100.9:80'), 'denied');
    flow.close();
  });

  test('agents and DNS server that start again go on where they were', async () => {
    await ask('198-51-100-30.example.com');
    await ask('ttl-1.198-51-100-31.example.com');
    const [kept, expired] = [await flowTo('198.51.100.30'), await flowTo('198.51.100.31')];
    await eventually('the address expires', async () => (await connect('198.51.100.31:80')) === 'denied');
    for (const role of ['agents', 'dns'] as const) {
      await killRole(lab, role);
      await eventually('DNS answers', () => answers('www.example.com'));
      assert.equal(await connect('198.51.100.30:80'), 'answered');
      assert.ok(await goesOn(kept));
      assert.ok(await goesOn(expired));
    }
    await eventually('what is new is programmed', async () => {
      const isAnswered = await answers('198-51-100-32.example.com');
      return isAnswered && (await connect('198.51.100.32:80')) === 'answered';
    });
    kept.close();
    expired.close();
  });

  test('a policy finds the addresses of names that were asked for before it', async () => {
    await ask('198-51-100-40.example.net');
    await lab.apply([...base, onlyTo(['*.example.net'])]);
    await eventually('the address is open', async () => (await connect('198.51.100.40:80')) === 'answered');
    assert.equal(await connect('198.51.100.7:80'), 'denied');
    await lab.apply([...base, policy]);
  });

  test('a policy that does not name it any more ends connections', async () => {
    await ask('198-51-100-50.example.com');
    const flow = await flowTo('198.51.100.50');
    await lab.apply([...base, onlyTo(['*.example.net'])]);
    await eventually('the connection is cut', async () => !(await goesOn(flow, silenceMs)));
    flow.close();
    await lab.apply([...base, policy]);
  });
});
