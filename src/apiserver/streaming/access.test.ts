/** Who may stream into pods. */
import assert from 'node:assert/strict';
import { request } from 'node:https';
import { duplexPair } from 'node:stream';
import { test } from 'node:test';
import { startLocalServer, type LocalServer } from '../testing/local-server.ts';
import type { PodStreams } from './port.ts';

const [namespace, name] = ['default', 'web'];
const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, uid: 'uid-1' },
  spec: { nodeName: 'node-1', containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80 }] }] },
};

/** A way into pods where every port answers a request with what it was sent, and every log is empty. */
const streams: PodStreams = {
  exec: () => Promise.resolve(duplexPair()[0]),
  connect() {
    const [one, other] = duplexPair();
    other.once('data', (head: Buffer) => {
      const text = String(head);
      other.end(`HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`);
    });
    return Promise.resolve(one);
  },
  dial: () => Promise.reject(new Error('nobody there')),
  log() {
    const [one, other] = duplexPair();
    other.end();
    return Promise.resolve(one);
  },
};

interface Asked {
  readonly method?: string;
  readonly path: string;
  /** The protocol of a WebSocket that is asked for. */
  readonly protocol?: string;
}

/** Asks as jane, whom the administrator acts for. */
function ask(
  { access, port }: LocalServer,
  { method = 'GET', path, protocol }: Asked,
): Promise<{ status: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: '127.0.0.1',
      port,
      ca: access.ca,
      method,
      path: `/api/v1/namespaces/${namespace}/pods/${name}/${path}`,
      agent: false,
      headers: {
        authorization: `Bearer ${access.token}`,
        'impersonate-user': 'jane',
        ...(protocol !== undefined && {
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': Buffer.alloc(16).toString('base64'),
          'sec-websocket-protocol': protocol,
        }),
      },
    });
    outgoing.once('error', reject);
    outgoing.once('upgrade', ({ statusCode }, socket) => {
      socket.destroy();
      resolve({ status: statusCode, text: '' });
    });
    outgoing.once('response', (response) => {
      let text = '';
      response.on('data', (chunk) => (text += String(chunk)));
      response.once('end', () => resolve({ status: response.statusCode, text }));
    });
    outgoing.end();
  });
}

const rbac = 'rbac.authorization.k8s.io';

/** Lets jane do these, and nothing else. */
function allow({ store }: LocalServer, resource: string, verbs: readonly string[]): void {
  const metadata = { name: 'streams', namespace };
  store.put(`roles.${rbac}`, 'default/streams', {
    apiVersion: `${rbac}/v1`,
    kind: 'Role',
    metadata,
    rules: [{ apiGroups: [''], resources: [resource], verbs }],
  });
  store.put(`rolebindings.${rbac}`, 'default/streams', {
    apiVersion: `${rbac}/v1`,
    kind: 'RoleBinding',
    metadata,
    subjects: [{ kind: 'User', apiGroup: rbac, name: 'jane' }],
    roleRef: { apiGroup: rbac, kind: 'Role', name: 'streams' },
  });
}

const exec = { path: 'exec?command=x&stdout=true', protocol: 'v5.channel.k8s.io' };
const attach = { path: 'attach?stdout=true', protocol: 'v5.channel.k8s.io' };
const forward = { path: 'portforward?ports=80', protocol: 'v4.channel.k8s.io' };

const cases: readonly [resource: string, verbs: readonly string[], asked: Asked, status: number][] = [
  ['pods', ['*'], exec, 403],
  ['pods/exec', ['get'], exec, 403],
  ['pods/exec', ['create'], exec, 403],
  ['pods/exec', ['get', 'create'], exec, 101],
  // Allowed, and told that it asks for no protocol.
  ['pods/exec', ['create'], { path: exec.path, method: 'POST' }, 400],
  ['pods/exec', ['get'], { path: exec.path, method: 'POST' }, 403],
  ['pods/portforward', ['get'], forward, 403],
  ['pods/portforward', ['get', 'create'], forward, 101],
  ['pods/exec', ['*'], forward, 403],
  ['pods/attach', ['get'], attach, 403],
  ['pods/attach', ['get', 'create'], attach, 101],
  ['pods', ['*'], { path: 'log' }, 403],
  ['pods/log', ['get'], { path: 'log' }, 200],
  ['pods/proxy', ['get'], { path: 'proxy/x?watch=true' }, 200],
  ['pods/proxy', ['get'], { path: 'proxy/x', method: 'DELETE' }, 403],
  ['pods/proxy', ['delete'], { path: 'proxy/x', method: 'DELETE' }, 200],
];

test('streams into pods need the verbs that they need elsewhere', async (t) => {
  const server = await startLocalServer({ streams });
  t.after(() => server.close());
  server.store.put('pods', 'default/web', pod);
  for (const [resource, verbs, asked, expected] of cases) {
    allow(server, resource, verbs);
    const { status } = await ask(server, asked);
    assert.equal(status, expected, `${verbs.join()} of ${resource}: ${JSON.stringify(asked)}`);
  }
});

test('what is asked through the proxy says nothing of who asks', async (t) => {
  const server = await startLocalServer({ streams });
  t.after(() => server.close());
  server.store.put('pods', 'default/web', pod);
  allow(server, 'pods/proxy', ['get']);
  const { text } = await ask(server, { path: 'proxy/a%20b/?x=1' });
  assert.match(text, /^GET \/a%20b\/\?x=1 HTTP\/1\.1\r\n/);
  assert.ok(!/bearer|jane|impersonate|authorization/i.test(text), text);
});
