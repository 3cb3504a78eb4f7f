import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { after, describe, test } from 'node:test';
import { createFakeClock } from '../../lib/fake-clock.ts';
import { WeftError } from '../../lib/errors.ts';
import { silentLog } from '../../lib/log.ts';
import type { Service } from '../../api/types/core.ts';
import { servicePort } from '../../model/services/fixtures.ts';
import type { ServicePortModel } from '../../model/services/port.ts';
import { nodeOf } from '../../../test/support/agents/objects.ts';
import { twoNodes } from '../../../test/support/agents/fake-machine.ts';
import { createFreshness } from '../freshness.ts';
import { createNodeFront } from './node-front.ts';

const web: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default' },
  spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 31_000 },
};

const ready: ServicePortModel = servicePort({
  nodePort: 30_080,
  endpoints: [{ address: '10.244.0.1', port: 8080, nodeName: 'n1', pod: undefined }],
});

describe('the front of a node', () => {
  /** What listens, by the address and port it was to have: here it has some port of the loopback instead. */
  const servers = new Map<string, Server>();
  const clock = createFakeClock();
  const freshness = createFreshness(clock);
  const taken = new Set<string>();
  let services: Readonly<Record<string, Service>> = { 'default/web': web };
  let ports: readonly ServicePortModel[] = [ready];
  const front = createNodeFront({
    name: 'n1',
    netns: 'node-n1',
    families: ['IPv4'],
    doors: () => ['172.20.1.1'],
    isOnLocalhost: true,
    node: () => nodeOf(twoNodes[0]),
    service: (key) => services[key],
    portsOf: () => ports,
    freshness,
    inside: {
      listen(_netns, { address, port }, server) {
        const name = `${address}:${port}`;
        if (taken.has(name)) throw new WeftError('socket-in-use', `${name} is taken`);
        servers.set(name, server.listen(0, '127.0.0.1'));
        server.once('close', () => servers.delete(name));
      },
      connect: () => Promise.reject(new Error('refused')),
    },
    clock,
    log: silentLog,
  });
  after(() => front.stop());

  const listening = (): string[] => [...servers.keys()].toSorted((a, b) => a.localeCompare(b));
  const statusOf = async (name: string, path = '/'): Promise<number> => {
    const server = servers.get(name) ?? assert.fail(`nobody listens at ${name}`);
    if (!server.listening) await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return (await fetch(`http://127.0.0.1:${port}${path}`)).status;
  };

  test('listens for the node, for what has a health check and for node ports on localhost', () => {
    front.update(['default/web']);
    assert.deepEqual(listening(), ['0.0.0.0:10256', '127.0.0.1:30080', '172.20.1.1:31000']);
  });

  test('that is behind for too long is neither healthy nor alive, and healthy again when it has caught up', async () => {
    const all = async (): Promise<number[]> => [
      await statusOf('0.0.0.0:10256', '/healthz'),
      await statusOf('0.0.0.0:10256', '/livez'),
      await statusOf('172.20.1.1:31000'),
    ];
    freshness.isBehind();
    await clock.advance(10_000);
    freshness.isBehind();
    assert.deepEqual(await all(), [200, 200, 200]);
    await clock.advance(10_000);
    assert.deepEqual(await all(), [503, 503, 503]);
    freshness.caughtUp();
    assert.deepEqual(await all(), [200, 200, 200]);
  });

  test('answers GET and HEAD only', async () => {
    const server = servers.get('0.0.0.0:10256') ?? assert.fail();
    const { port } = server.address() as AddressInfo;
    const ask = async (method: string): Promise<number> =>
      (await fetch(`http://127.0.0.1:${port}/livez`, { method })).status;
    assert.deepEqual([await ask('HEAD'), await ask('POST'), await ask('DELETE')], [200, 405, 405]);
  });

  test('closes what nobody asks for any more, and opens what was taken once it is free', async () => {
    taken.add('172.20.1.1:31001');
    services = { 'default/web': { ...web, spec: { ...web.spec, healthCheckNodePort: 31_001 } } };
    ports = [{ ...ready, nodePort: undefined }];
    front.update(['default/web']);
    await Promise.all(
      [...servers].filter(([, { listening: is }]) => !is).map(([, one]) => once(one, 'close')),
    );
    await clock.advance(3_000);
    assert.deepEqual(listening(), ['0.0.0.0:10256']);
    taken.clear();
    await clock.advance(1_000);
    assert.deepEqual(listening(), ['0.0.0.0:10256', '172.20.1.1:31001']);
  });

  test('with health checks of two Services at one port keeps the first, and gives the port on when it goes', async () => {
    services = { ...services, 'default/other': services['default/web'] ?? web };
    front.update(['default/other']);
    assert.equal(await statusOf('172.20.1.1:31001'), 200);
    services = { 'default/other': services['default/other'] ?? web };
    const first = servers.get('172.20.1.1:31001') ?? assert.fail();
    front.update(['default/web']);
    if (first.listening) await once(first, 'close');
    await clock.advance(1_000);
    assert.equal(await statusOf('172.20.1.1:31001'), 200);
  });
});
