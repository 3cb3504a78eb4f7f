/**
 * Cluster DNS as pods see it: raw queries from inside their namespaces, in the model `calico`.
 *
 *     default/client   asks
 *     default/db-0, db-1 of a StatefulSet behind the headless Service db; web behind a cluster address
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { labAddresses } from '../../src/model/network/lab-addresses.ts';
import { openLabs } from '../../src/cmd/weft/labs.ts';
import { resources } from '../../src/api/resources.ts';
import type { Pod } from '../../src/api/types/core.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';
import { addressesOf, lookUp, query, type DnsAnswer } from './dns-client.ts';
import { eventually } from './flow.ts';
import { deployment, namespace, podsOf, serviceOf, withSpec, workload } from './objects.ts';
import { killRole } from './processes.ts';

const server = '10.96.0.10';
const webIP = '10.96.0.80';

describe('cluster DNS in a lab', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  let netns = '';

  before(async () => {
    lab = await startLab('dns');
    await lab.apply([
      namespace('far'),
      podOn('node-1', 'default/client'),
      withSpec(podOn('node-1', 'far/own'), {
        dnsPolicy: 'None',
        dnsConfig: {
          nameservers: [server],
          searches: ['default.svc.cluster.local'],
          options: [{ name: 'ndots', value: '2' }],
        },
      }),
      withSpec(podOn('node-2', 'far/host'), { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' }),
      withSpec(workload('StatefulSet', 'db'), { replicas: 2, serviceName: 'db' }),
      serviceOf('db', { clusterIP: 'None' }),
      deployment('web', 2),
      serviceOf('web', { clusterIP: webIP }),
      deployment('crowd', 60),
      serviceOf('crowd', { clusterIP: 'None' }),
      withSpec(serviceOf('alias'), {
        type: 'ExternalName',
        externalName: 'web.default.svc.cluster.local',
        ports: [],
      }),
      withSpec(serviceOf('away'), { type: 'ExternalName', externalName: 'example.com', ports: [] }),
    ]);
    netns = await lab.netnsOf('default/client');
  });
  after(async () => lab?.down());

  const ask = (name: string, options?: Parameters<typeof query>[2]): Promise<DnsAnswer> =>
    query({ sockets: lab.sockets, netns, server }, name, options);
  const addressOf = (pod: Pod): string => pod.status?.podIP ?? '';
  const resolvConfOf = ({ metadata }: Pod): string =>
    readFileSync(
      openLabs()
        .control.paths(lab.name)
        .resolvConf(metadata.uid ?? ''),
      'utf8',
    );
  const lookUpFrom = async (key: string, name: string): Promise<string[]> =>
    lookUp({ sockets: lab.sockets, netns: await lab.netnsOf(key) }, resolvConfOf(await lab.pod(key)), name);

  test('a Service has its address, over UDP and TCP', async () => {
    for (const protocol of ['udp', 'tcp'] as const) {
      const answer = await ask('web.default.svc.cluster.local', { protocol });
      assert.deepEqual(addressesOf(answer.answers), [webIP]);
    }
    assert.deepEqual(addressesOf((await ask('kubernetes.default.svc.cluster.local')).answers), ['10.96.0.1']);
  });

  test('a headless Service has the addresses of its pods, and each of them a name', async () => {
    const pods = await podsOf(lab, 'db');
    const addresses = pods.map(addressOf);
    const all = await ask('db.default.svc.cluster.local');
    assert.deepEqual(
      addressesOf(all.answers),
      addresses.toSorted((a, b) => a.localeCompare(b)),
    );
    for (const [ordinal, address] of addresses.entries()) {
      const one = await ask(`db-${ordinal}.db.default.svc.cluster.local`);
      assert.deepEqual(addressesOf(one.answers), [address]);
    }
  });

  test('SRV names the port and the host of a Service', async () => {
    const { answers } = await ask('_http._tcp.web.default.svc.cluster.local', { type: 'SRV' });
    const [srv] = answers.filter((answer) => answer.type === 'SRV');
    assert.deepEqual(
      { port: srv?.data.port, target: srv?.data.target },
      { port: 80, target: 'web.default.svc.cluster.local' },
    );
  });

  test('an ExternalName is an alias, followed inside the cluster and outside', async () => {
    const inside = await ask('alias.default.svc.cluster.local');
    assert.deepEqual(
      inside.answers.map(({ type }) => type),
      ['CNAME', 'A'],
    );
    assert.deepEqual(addressesOf(inside.answers), [webIP]);
    const away = await ask('away.default.svc.cluster.local');
    assert.deepEqual(
      away.answers.map((answer) => (answer.type === 'CNAME' ? answer.data : answer.type)),
      ['example.com', 'A'],
    );
    assert.deepEqual(addressesOf(away.answers), [labAddresses.internet]);
  });

  test('a name outside the cluster is what the internet says it is', async () => {
    for (const protocol of ['udp', 'tcp'] as const) {
      const { answers } = await ask('alias.example.com', { protocol });
      assert.deepEqual(
        answers.map((answer) => ('data' in answer ? answer.data : '')),
        ['www.example.net', labAddresses.internet],
      );
    }
    assert.equal((await ask('nobody.example.com')).rcode, 'NXDOMAIN');
    assert.equal((await ask('nowhere.test')).rcode, 'NXDOMAIN');
  });

  test('what no datagram takes is asked for again over TCP, and cut for whoever asks by datagram', async () => {
    const whole = await ask('large.example.com', { type: 'TXT', protocol: 'tcp' });
    assert.equal(whole.answers.length, 1);
    assert.equal((await ask('large.example.com', { type: 'TXT' })).truncated, true);
  });

  test('a name inside the cluster that nobody has does not exist', async () => {
    assert.equal((await ask('nobody.default.svc.cluster.local')).rcode, 'NXDOMAIN');
    const empty = await ask('web.default.svc.cluster.local', { type: 'AAAA' });
    assert.deepEqual({ rcode: empty.rcode, answers: empty.answers }, { rcode: 'NOERROR', answers: [] });
  });

  test('an answer too large for a datagram is cut short, and whole over TCP', async () => {
    const name = 'crowd.default.svc.cluster.local';
    assert.equal((await ask(name)).truncated, true);
    const whole = await ask(name, { protocol: 'tcp' });
    assert.equal(whole.truncated, false);
    assert.equal(addressesOf(whole.answers).length, 60);
  });

  test('the resolver settings of each pod find names as its programs would', async () => {
    const client = await lab.pod('default/client');
    assert.deepEqual(
      resolvConfOf(client)
        .split('\n')
        .filter(Boolean)
        .toSorted((a, b) => a.localeCompare(b)),
      [
        `nameserver ${server}`,
        'options ndots:5',
        'search default.svc.cluster.local svc.cluster.local cluster.local',
      ],
    );
    for (const name of [
      'web',
      'web.default',
      'web.default.svc',
      'web.default.svc.cluster.local',
      'web.default.svc.cluster.local.',
    ]) {
      assert.deepEqual(await lookUpFrom('default/client', name), [webIP], name);
    }
    assert.deepEqual(await lookUpFrom('default/client', 'nobody'), []);
    assert.deepEqual(await lookUpFrom('far/own', 'web'), [webIP], 'by its own search list');
    const host = await lab.pod('far/host');
    const settings = resolvConfOf(host);
    assert.match(settings, /search far\.svc\.cluster\.local /);
    assert.deepEqual(await lookUp({ sockets: lab.sockets, netns: 'node-node-2' }, settings, 'web.default'), [
      webIP,
    ]);
  });

  test('what is new resolves in a moment, and what is gone does not', async () => {
    const { client } = lab.connection;
    await client.create(resources.services, serviceOf('fresh', { clusterIP: '10.96.0.81' }));
    const fresh = async (): Promise<string[]> =>
      addressesOf((await ask('fresh.default.svc.cluster.local')).answers);
    await eventually('it resolves', async () => (await fresh()).length === 1);
    assert.deepEqual(await fresh(), ['10.96.0.81']);
    await client.delete(resources.services, { namespace: 'default', name: 'fresh' });
    await eventually('it is gone', async () => (await fresh()).length === 0);
  });

  test('names resolve again when the DNS process was killed, and when its pod was deleted', async () => {
    const resolves = (): Promise<boolean> =>
      ask('web.default.svc.cluster.local').then(
        ({ answers }) => answers.length === 1,
        () => false,
      );
    await killRole(lab, 'dns');
    await eventually('the process answers', resolves);
    const { client } = lab.connection;
    const { items } = await client.list(resources.pods, { namespace: 'kube-system' });
    for (const { metadata } of items)
      await client.delete(resources.pods, { namespace: 'kube-system', name: metadata.name });
    await eventually('another pod answers', resolves);
  });
});
