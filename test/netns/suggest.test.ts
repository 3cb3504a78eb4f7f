/**
 * Policies from traffic, with packets: an application is used while flows are recorded, the policies that are suggested
 * are applied, and then what was used works and nothing else does.
 *
 *     node-1    shop/web, garden/visitor
 *     node-2    shop/api (TCP 8080 "used", 9090 "unused"; UDP 5353), shop/idle; Service shop/api, port 80
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from '../../src/api/types/meta.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';
import { weft } from '../support/weft.ts';
import { namespace } from './objects.ts';

const api = podOn('node-2', 'shop/api', { ports: [8080, 9090], udp: [5353] });
const objects: readonly KubernetesObject[] = [
  namespace('shop'),
  namespace('garden'),
  podOn('node-1', 'shop/web'),
  podOn('node-1', 'garden/visitor'),
  api,
  podOn('node-2', 'shop/idle'),
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'api', namespace: 'shop' },
    spec: { selector: { name: 'api' }, clusterIP: '10.96.7.7', ports: [{ port: 80, targetPort: 8080 }] },
  } as KubernetesObject,
];

const outside = '203.0.113.10';

describe('policies from traffic', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  let policies: KubernetesObject[] = [];
  const netns: Record<string, string> = {};
  const address: Record<string, string> = {};

  before(async () => {
    lab = await startLab('suggest');
    await lab.apply(objects);
    for (const key of ['shop/web', 'shop/api', 'shop/idle', 'garden/visitor']) {
      netns[key] = await lab.netnsOf(key);
      address[key] = (await lab.pod(key)).status?.podIP ?? '';
    }
  });
  after(() => lab?.down());

  const outcome = async (from: string, to: string, protocol: 'TCP' | 'UDP' = 'TCP'): Promise<string> =>
    (await lab.probe(netns[from] ?? '', to, { protocol })).outcome;
  const used = async (): Promise<string[]> => [
    await outcome('shop/web', '10.96.7.7:80'),
    await outcome('shop/web', `${address['shop/api']}:5353`, 'UDP'),
    await outcome('garden/visitor', `${address['shop/web']}:8080`),
    await outcome('shop/api', `${outside}:443`),
  ];
  const asked = ['answered', 'answered', 'answered', 'answered'];

  test('nothing is told before flows are recorded', async () => {
    const { code, err } = await weft('suggest', '--name', lab.name);
    assert.equal(code, 2);
    assert.match(err, /weft flows --record/);
  });

  test('what is used while they are is seen, Services as the pods behind them', async () => {
    assert.equal((await weft('flows', '--record', '--name', lab.name)).code, 0);
    assert.deepEqual(await used(), asked);
    const { flows, lost } = await lab.connection.flows();
    assert.deepEqual(
      flows.map(({ source, destination, protocol, port }) => `${source} ${destination} ${protocol} ${port}`),
      [
        'garden/visitor[Pod] shop/web[Pod] TCP 8080',
        `shop/api[Pod] ${outside} TCP 443`,
        'shop/web[Pod] shop/api[Pod] TCP 8080',
        'shop/web[Pod] shop/api[Pod] UDP 5353',
      ],
    );
    assert.equal(lost, 0);
  });

  test('the policies are a manifest, and the model says that they are what they should be', async () => {
    const { code, out, err } = await weft('suggest', '--name', lab.name);
    assert.equal(code, 0, err);
    assert.match(err, /^4 policies; 4 of 4 seen connections stay allowed$/m);
    assert.match(err, /^the rest is closed, ICMP too, but for the cluster DNS$/m);
    policies = parseAllDocuments(out).map((document) => document.toJS() as KubernetesObject);
    assert.equal(policies.length, 4);
  });

  test('applied, they let through what was used and deny the rest', async () => {
    await lab.apply([...objects, ...policies]);
    assert.deepEqual(await used(), asked);
    assert.deepEqual(
      [
        await outcome('shop/web', `${address['shop/api']}:9090`),
        await outcome('shop/idle', `${address['shop/api']}:8080`),
        await outcome('garden/visitor', `${address['shop/api']}:8080`),
        await outcome('shop/web', `${outside}:443`),
      ],
      ['denied', 'denied', 'denied', 'denied'],
    );
    // DNS was asked by nobody, and stays open.
    assert.equal(await outcome('shop/idle', '10.96.0.10:53', 'UDP'), 'answered');
  });

  test('what they deny is no flow, and a pod that comes later is among them', async () => {
    const { flows } = await lab.connection.flows();
    assert.ok(
      !flows.some(
        ({ destination, port, received }) => received && destination.includes('api') && port === 9090,
      ),
    );
    await lab.apply([...objects, ...policies, podOn('node-2', 'shop/web2', { labels: { name: 'web' } })]);
    netns['shop/web2'] = await lab.netnsOf('shop/web2');
    assert.equal(await outcome('shop/web2', '10.96.7.7:80'), 'answered');
  });

  test('recording ends, and leaves nothing in the kernel', async () => {
    assert.equal((await weft('flows', '--stop', '--name', lab.name)).code, 0);
    const { since, flows } = await lab.connection.flows();
    assert.deepEqual([since, flows], [null, []]);
  });
});
