import assert from 'node:assert/strict';
import { promises as dns } from 'node:dns';
import { connect, createServer, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import dnsPacket from 'dns-packet';
import type { Service } from '../api/types/core.ts';
import type { EndpointSlice } from '../api/types/network.ts';
import type { KubernetesObject } from '../api/types/meta.ts';
import { resources } from '../api/resources.ts';
import { createFakeClient } from '../client/fake/client.ts';
import type { Client } from '../client/port.ts';
import type { Sockets } from '../kernel/sockets/port.ts';
import { createSockets } from '../kernel/sockets/sockets.ts';
import { systemClock, type Clock } from '../lib/clock.ts';
import { silentLog } from '../lib/log.ts';
import { candidates } from '../model/dns/pod-settings.ts';
import type { PodServing } from '../workload/port.ts';
import { createMessageBuffer, framed } from './framing.ts';
import { createDnsServer, type DnsServer } from './server.ts';
import { mostConnections } from './tcp.ts';

const web: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'shop', name: 'web' },
  spec: { clusterIP: '10.96.7.1', ports: [{ name: 'http', port: 80 }] },
};
const crowd: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'shop', name: 'crowd' },
  spec: { clusterIP: 'None', ports: [{ name: 'http', port: 80 }] },
};
const crowdSize = 300;
const crowdSlice: EndpointSlice = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { namespace: 'shop', name: 'crowd-1', labels: { 'kubernetes.io/service-name': 'crowd' } },
  addressType: 'IPv4',
  endpoints: Array.from({ length: crowdSize }, (_, i) => ({ addresses: [`10.244.${i >> 8}.${i & 255}`] })),
  ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
};

const pod: PodServing = {
  uid: 'u1',
  pod: 'kube-system/cluster-dns-1',
  node: 'node-1',
  netns: 'pod-u1',
  listeners: [
    { protocol: 'UDP', port: 53 },
    { protocol: 'TCP', port: 53 },
  ],
};

/** Sockets that open on 127.0.0.1 of this machine, whatever namespace and port they are asked for. */
interface LoopbackSockets extends Pick<Sockets, 'listen'> {
  /** The port that stands for every port, TCP and UDP. */
  readonly port: number;
  /** `namespace protocol port` of what was opened. */
  readonly opened: readonly string[];
}

async function createLoopbackSockets(): Promise<LoopbackSockets> {
  const port = await freePort();
  const opened: string[] = [];
  const sockets = createSockets({
    namespaces: {
      create: (name) => ({ name, fd: -1 }),
      open: (name) => ({ name, fd: -1 }),
      release() {},
      list: () => [],
      delete() {},
      inside: (_, fn) => fn(),
      close() {},
    },
  });
  return {
    port,
    opened,
    listen(namespace, options) {
      opened.push(`${namespace} ${options.protocol} ${options.port}`);
      return sockets.listen(namespace, { ...options, port, address: '127.0.0.1' });
    },
  };
}

const namespaces = { release(): void {} };

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => {
    probe.listen(0, '127.0.0.1', resolve);
  });
  const address = probe.address();
  await new Promise((resolve) => {
    probe.close(resolve);
  });
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port');
  return address.port;
}

interface Running {
  readonly server: DnsServer;
  readonly client: Client;
  readonly sockets: LoopbackSockets;
  readonly resolver: dns.Resolver;
}

/** A server of the DNS pod on loopback, and a resolver that asks it. */
async function run(
  context: TestContext,
  options: { objects?: KubernetesObject[]; clock?: Clock } = {},
): Promise<Running> {
  const client = createFakeClient({ objects: options.objects ?? [web, crowd, crowdSlice] });
  const sockets = await createLoopbackSockets();
  const server = createDnsServer({
    client,
    sockets,
    namespaces,
    log: silentLog,
    clock: options.clock ?? systemClock,
  });
  const resolver = new dns.Resolver({ tries: 1, timeout: 5000 });
  resolver.setServers([`127.0.0.1:${sockets.port}`]);
  context.after(async () => {
    resolver.cancel();
    await server.stop();
    await client.close();
  });
  await server.start();
  await server.serve(pod);
  await client.informer(resources.pods).synced;
  return { server, client, sockets, resolver };
}

test('resolves Services over UDP inside the pod’s namespace', async (context) => {
  const { resolver, sockets } = await run(context);
  assert.deepEqual(await resolver.resolve4('web.shop.svc.cluster.local'), ['10.96.7.1']);
  assert.deepEqual(await resolver.resolveSrv('_http._tcp.web.shop.svc.cluster.local'), [
    { name: 'web.shop.svc.cluster.local', port: 80, priority: 0, weight: 100, type: 'SRV' },
  ]);
  assert.deepEqual(await resolver.reverse('10.96.7.1'), ['web.shop.svc.cluster.local']);
  assert.deepEqual(await resolver.resolveTxt('dns-version.cluster.local'), [['1.1.0']]);
  assert.deepEqual(sockets.opened, ['pod-u1 udp 53', 'pod-u1 tcp 53']);
});

test('a big headless Service is cut over UDP and comes whole over TCP', async (context) => {
  const { resolver, server } = await run(context);
  const addresses = await resolver.resolve4('crowd.shop.svc.cluster.local');
  assert.equal(new Set(addresses).size, crowdSize);
  assert.equal(server.counters.truncated, 1);
  assert.deepEqual(server.counters.requests, { udp: 1, tcp: 1 });
  const targets = await resolver.resolveSrv('_http._tcp.crowd.shop.svc.cluster.local');
  assert.deepEqual([targets.length, targets[0]?.port], [crowdSize, 8080]);
});

test('follows the API', async (context) => {
  const { resolver, client } = await run(context);
  await client.delete(resources.services, { namespace: 'shop', name: 'web' });
  await assert.rejects(resolver.resolve4('web.shop.svc.cluster.local'), { code: 'ENOTFOUND' });
  await client.create(resources.services, { ...web, spec: { clusterIP: '10.96.7.2' } });
  assert.deepEqual(await resolver.resolve4('web.shop.svc.cluster.local'), ['10.96.7.2']);
  await assert.rejects(resolver.resolve6('web.shop.svc.cluster.local'), { code: 'ENODATA' });
});

test('a search list ends at the name that exists, and an outside name fails for good at once', async (context) => {
  const { resolver, server } = await run(context);
  const settings = {
    nameservers: [],
    searches: ['shop.svc.cluster.local', 'svc.cluster.local', 'lan.example'],
    options: ['ndots:5'],
  };
  const outcomes = async (name: string): Promise<string[]> => {
    const seen: string[] = [];
    for (const candidate of candidates(name, settings)) {
      const outcome = await resolver
        .resolve4(candidate)
        .then(String, (error: NodeJS.ErrnoException) => error.code ?? '');
      seen.push(outcome);
      if (outcome !== 'ENOTFOUND') break;
    }
    return seen;
  };
  assert.deepEqual(await outcomes('web'), ['10.96.7.1']);
  assert.deepEqual(await outcomes('web.shop'), ['ENOTFOUND', '10.96.7.1']);
  assert.deepEqual(await outcomes('example.com'), ['ENOTFOUND', 'ENOTFOUND', 'ENOTFOUND', 'ENOTFOUND']);
  // c-ares would have asked again for anything but NXDOMAIN.
  assert.equal(server.counters.requests.udp, 7);
});

test('answers SERVFAIL until it knows what the API holds', async (context) => {
  const { promise: never } = Promise.withResolvers<void>();
  const empty = {
    synced: never,
    get: () => undefined,
    values: () => [],
    size: 0,
    resourceVersion: '0',
    onChange: () => () => {},
    renew: () => {},
  };
  const sockets = await createLoopbackSockets();
  const server = createDnsServer({
    client: { informer: () => empty },
    sockets,
    namespaces,
    log: silentLog,
    clock: systemClock,
  });
  context.after(() => server.stop());
  await server.start();
  await server.serve(pod);
  const resolver = new dns.Resolver({ tries: 1, timeout: 5000 });
  resolver.setServers([`127.0.0.1:${sockets.port}`]);
  await assert.rejects(resolver.resolve4('web.shop.svc.cluster.local'), { code: 'ESERVFAIL' });
  assert.equal(server.ready, false);
});

/** Connects and collects the answers that come. */
async function talk(
  port: number,
): Promise<{ socket: Socket; answers: (count: number) => Promise<dnsPacket.DecodedPacket[]> }> {
  const socket = connect(port, '127.0.0.1');
  const heard = createMessageBuffer();
  const answers: dnsPacket.DecodedPacket[] = [];
  let check = (): void => {};
  socket.on('data', (chunk) => {
    heard.push(chunk);
    for (let next = heard.next(); next !== undefined; next = heard.next())
      answers.push(dnsPacket.decode(Buffer.from(next)));
    check();
  });
  await new Promise((resolve, reject) => {
    socket.once('connect', resolve).once('error', reject);
  });
  const wait = (count: number): Promise<dnsPacket.DecodedPacket[]> =>
    new Promise((resolve) => {
      check = () => (answers.length >= count ? resolve(answers) : undefined);
      check();
    });
  return { socket, answers: wait };
}

const query = (id: number, name: string): Uint8Array =>
  framed(dnsPacket.encode({ type: 'query', id, questions: [{ type: 'A', name }] }));
const closed = (socket: Socket): Promise<unknown> => new Promise((resolve) => socket.once('close', resolve));

test('several queries on one connection are answered in their order, also to a client that reads late', async (context) => {
  const { sockets } = await run(context);
  const { socket, answers } = await talk(sockets.port);
  socket.pause();
  const ids = Array.from({ length: 400 }, (_, i) => i);
  for (const id of ids) socket.write(query(id, 'crowd.shop.svc.cluster.local'));
  socket.resume();
  const received = await answers(ids.length);
  assert.deepEqual(
    received.map(({ id }) => id),
    ids,
  );
  assert.equal(received.at(-1)?.answers?.length, crowdSize);
  socket.destroy();
});

test('an idle connection, and one that sends no query, is ended', async (context) => {
  const timers = new Set<() => void>();
  const clock: Clock = {
    ...systemClock,
    after(_, fn) {
      timers.add(fn);
      return () => timers.delete(fn);
    },
  };
  const { sockets } = await run(context, { clock });
  const idle = await talk(sockets.port);
  idle.socket.write(query(1, 'web.shop.svc.cluster.local'));
  await idle.answers(1);
  const ended = closed(idle.socket.resume());
  assert.equal(timers.size, 1);
  for (const expire of timers) expire();
  await ended;
  const noise = await talk(sockets.port);
  const gone = closed(noise.socket.resume());
  noise.socket.write(framed(new Uint8Array(11)));
  await gone;
});

test('more connections than the most are refused, and there is room again when some end', async (context) => {
  const { sockets, server } = await run(context);
  const open = await Promise.all(Array.from({ length: mostConnections }, () => talk(sockets.port)));
  const first = open[0];
  assert.ok(first !== undefined);
  first.socket.write(query(1, 'web.shop.svc.cluster.local'));
  await first.answers(1);
  const refused = connect(sockets.port, '127.0.0.1').on('error', () => {});
  await closed(refused);
  assert.equal(server.counters.connectionsRefused, 1);
  for (const { socket } of open) socket.destroy();
  while (server.counters.connections > 0) await new Promise((resolve) => setImmediate(resolve));
  const again = await talk(sockets.port);
  again.socket.write(query(2, 'web.shop.svc.cluster.local'));
  assert.equal((await again.answers(1)).length, 1);
  again.socket.destroy();
});

test('listeners follow what the pod is told to serve', async (context) => {
  const { server, sockets, resolver } = await run(context);
  assert.deepEqual(await server.serve({ ...pod, listeners: [{ protocol: 'UDP', port: 53 }] }), [
    { protocol: 'UDP', port: 53 },
  ]);
  assert.equal(sockets.opened.length, 2);
  assert.deepEqual(await resolver.resolve4('web.shop.svc.cluster.local'), ['10.96.7.1']);
  await assert.rejects(talk(sockets.port), { code: 'ECONNREFUSED' });
  assert.equal(server.list()[0]?.listeners.length, 1);
  await server.unserve(pod.uid);
  await server.unserve(pod.uid);
  assert.deepEqual(server.list(), []);
  await server.serve({ ...pod, netns: 'elsewhere' });
  assert.equal(sockets.opened.at(-1), 'elsewhere tcp 53');
});

test('a listener that cannot be opened is reported, and the others answer', async (context) => {
  const { server, resolver } = await run(context);
  const second = { ...pod, uid: 'u2', listeners: [{ protocol: 'TCP' as const, port: 53 }] };
  await assert.rejects(server.serve(second), { code: 'socket-in-use' });
  assert.deepEqual(await resolver.resolve4('web.shop.svc.cluster.local'), ['10.96.7.1']);
});
