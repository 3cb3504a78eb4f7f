import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { createFakeLab } from '../testing/fake-lab.ts';
import { shopCluster } from '../testing/shop-cluster.ts';
import { run, type Printed } from '../testing/terminal.ts';

const cluster = await shopCluster();

/** Opens a destination and says what is heard behind it. */
async function open(destination: string, ...options: string[]): Promise<Printed & { heard: string }> {
  const lab = createFakeLab(cluster);
  let heard = '';
  const printed = await run(['open', destination, ...options], lab.connection, async (out) => {
    const client = connect(Number(new URL(out.trim()).port), '127.0.0.1');
    for await (const chunk of client as AsyncIterable<Buffer>) heard += String(chunk);
  });
  assert.ok(lab.isClosed());
  return { ...printed, heard };
}

test('a Service is asked at its address by a node, a pod and a node at their own loopback', async () => {
  const service = await open('svc:shop/api:80');
  assert.match(service.out, /^http:\/\/127\.0\.0\.1:\d+\/\n$/);
  const { clusterIP } = cluster.services.get('shop/api')?.spec ?? {};
  assert.match(service.heard, new RegExp(`^node-node-\\d ${clusterIP} 80\n$`));
  assert.equal((await open('pod:shop/db-0:5432')).heard, 'pod-uid-of-shop-db-0 127.0.0.1,::1 5432\n');
  assert.equal((await open('node:node-1:9100')).heard, 'node-node-1 127.0.0.1,::1 9100\n');
});

test('the port is the one that was asked for, and what is not free is said', async () => {
  const taken = await open('svc:shop/api:80');
  const port = new URL(taken.out.trim()).port;
  const again = await open('svc:shop/api:80', '--port', port);
  assert.equal(again.out, taken.out);
  const lab = createFakeLab(cluster);
  const both = await run(['open', 'svc:shop/api:80'], lab.connection, async (out) => {
    const second = await run(['open', 'svc:shop/api:80', '--port', new URL(out.trim()).port], lab.connection);
    assert.equal(second.code, 3);
    assert.match(second.err, /cannot listen on 127\.0\.0\.1 port \d+.*\n.*choose another with --port/);
  });
  assert.equal(both.code, 0);
});

test('what no TCP connection leads to opens nothing', async () => {
  const lab = createFakeLab(cluster);
  for (const [words, complaint] of [
    [['svc:shop/nobody:80'], /nobody/],
    [['svc:shop/api:nonesuch'], /has no port called nonesuch/],
    [['shop/db-0:53/udp'], /only TCP can be opened, not UDP/],
    [['192.0.2.1:80'], /only pods, workloads, Services and nodes can be opened/],
    [['internet:80'], /only pods/],
    [['svc:shop/api:80', '--port', '70000'], /70000 is not a port/],
  ] as const) {
    const { code, out, err } = await run(['open', ...words], lab.connection);
    assert.deepEqual([code, out], [2, ''], words.join(' '));
    assert.match(err, complaint);
  }
});
