import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Probe, ProbeResult } from '../../workload/port.ts';
import { createFakeLab } from '../testing/fake-lab.ts';
import { shopCluster } from '../testing/shop-cluster.ts';
import { run, type Printed } from '../testing/terminal.ts';

const cluster = await shopCluster();
const [web = ''] = [...cluster.pods.keys()].filter((key) => key.startsWith('shop/web-')).sort();
const [api = ''] = [...cluster.pods.keys()].filter((key) => key.startsWith('shop/api-'));

async function connect(
  words: readonly string[],
  happens?: ProbeResult,
): Promise<Printed & { sent: readonly Probe[] }> {
  const lab = createFakeLab(cluster, { lie: () => happens });
  const printed = await run(['connect', ...words], lab.connection);
  assert.ok(lab.isClosed());
  return { ...printed, sent: lab.sent };
}

test('an answer is allowed, with who gave it and whom it saw', async () => {
  const { code, out } = await connect(['shop/deploy/web', 'svc:shop/api', '-o', 'json']);
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(out), {
    source: web,
    destination: 'svc:shop/api:80',
    protocol: 'TCP',
    verdict: 'allowed',
    sourceSeen: '10.244.1.1',
    backend: api,
    milliseconds: 1,
  });
});

const denial = {
  node: 'node-1',
  direction: 'ingress',
  pod: 'shop/api-x',
  policies: ['shop/api', 'shop/all'],
  protocol: 'TCP',
  source: '10.0.0.1',
  sourcePort: 1,
  destination: '10.0.0.2',
  destinationPort: 2,
} as const;

const fates: readonly [ProbeResult, verdict: string, text: RegExp][] = [
  [{ outcome: 'refused', milliseconds: 2 }, 'refused', /nobody listens there/],
  [
    { outcome: 'denied', denial, milliseconds: 2 },
    'denied',
    /dropped on node-1 at ingress of shop\/api-x by NetworkPolicy shop\/api, NetworkPolicy shop\/all/,
  ],
  [{ outcome: 'silent', milliseconds: 2 }, 'unreachable', /no answer/],
  [
    { outcome: 'rejected', rejectedBy: '172.20.1.1', milliseconds: 2 },
    'unreachable',
    /rejected by 172\.20\.1\.1/,
  ],
  [{ outcome: 'unroutable', milliseconds: 2 }, 'unreachable', /no route/],
];

for (const [happens, verdict, text] of fates) {
  test(`${happens.outcome} is ${verdict}, and ends with 1`, async () => {
    const json = await connect(['shop/db-0', 'svc:shop/api', '-o', 'json'], happens);
    assert.equal(json.code, 1);
    assert.deepEqual(JSON.parse(json.out), {
      source: 'shop/db-0',
      destination: 'svc:shop/api:80',
      protocol: 'TCP',
      verdict,
      sourceSeen: null,
      backend: null,
      milliseconds: 2,
    });
    const people = await connect(['shop/db-0', 'svc:shop/api'], happens);
    assert.ok(people.out.startsWith(`shop/db-0 -> svc:shop/api:80 (TCP): ${verdict} in 2.0 ms\n`));
    assert.match(people.out, text);
  });
}

const uid = (key: string): string => `pod-uid-of-${key.replace('/', '-')}`;
const packets: readonly [source: string, destination: string, Probe][] = [
  [
    'shop/db-0',
    `${api}:9090`,
    { netns: uid('shop/db-0'), protocol: 'TCP', address: '10.244.0.2', port: 9090 },
  ],
  ['node:node-2', `${api}:9/udp`, { netns: 'node-node-2', protocol: 'UDP', address: '10.244.0.2', port: 9 }],
  [
    'internet',
    'node:node-1:30080',
    { netns: 'internet', sourceAddress: '203.0.113.10', protocol: 'TCP', address: '172.20.1.1', port: 30080 },
  ],
  [
    '198.51.100.7',
    '172.20.1.2:80',
    { netns: 'internet', sourceAddress: '198.51.100.7', protocol: 'TCP', address: '172.20.1.2', port: 80 },
  ],
  // An address of the cluster sends from where it is.
  [
    '10.244.1.2',
    'internet:443',
    { netns: uid('shop/db-0'), protocol: 'TCP', address: '203.0.113.10', port: 443 },
  ],
  ['172.20.1.3', 'svc:shop/db', { netns: 'node-node-3', protocol: 'TCP', address: '10.244.1.2', port: 5432 }],
];

for (const [source, destination, probe] of packets) {
  test(`${source} -> ${destination} leaves ${probe.netns} for ${probe.address}:${probe.port}`, async () => {
    const { sent } = await connect([source, destination]);
    assert.deepEqual(sent, [probe]);
  });
}

test('SCTP is sent like anything else', async () => {
  const { sent } = await connect(['shop/db-0', `${api}:80/sctp`]);
  assert.deepEqual(
    sent.map(({ protocol, port }) => `${protocol} ${port}`),
    ['SCTP 80'],
  );
});

test('a lab that is not there ends with 2', async () => {
  const { code, err } = await run(['connect', 'a/b', 'c/d:80', '--name', 'other']);
  assert.equal(code, 2);
  assert.match(err, /there is no lab "other"/);
});
