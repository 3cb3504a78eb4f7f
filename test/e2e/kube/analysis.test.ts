import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parse } from 'yaml';
import { resources, type Resource } from '../../../src/api/resources.ts';
import type { Node } from '../../../src/api/types/core.ts';
import type { KubernetesObject } from '../../../src/api/types/meta.ts';
import { startLocalServer } from '../../../src/apiserver/testing/local-server.ts';
import { createClient } from '../../../src/client/http/client.ts';
import type { Client } from '../../../src/client/port.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { caller, type AnyApi } from '../../support/kube-apiserver.ts';
import { kubeProblem, startKubeApiserver, type TestServer } from '../../support/kube-server.ts';
import { podOn } from '../../support/lab.ts';
import { weft, type Ended } from '../../support/weft.ts';
import { snapshotOf } from './snapshot.ts';
import { until } from './until.ts';

/*
 * reach, explain, test, diff, lint and suggest about a cluster of which there is a kubeconfig: that of its administrator, and
 * that of a user who may see one namespace. The same on Weft's own API server and on a real kube-apiserver.
 *
 *     shop/web -> shop/api 8080 is allowed, garden/visitor -> shop/api is not
 */

/** A server, and its audit log so far. */
interface AuditedServer {
  readonly server: TestServer;
  readonly audited: () => string;
}

const servers = [
  {
    name: "Weft's API server",
    skip: false,
    start: async (): Promise<AuditedServer> => {
      const lines: string[] = [];
      const auditSink = { write: (line: string): void => void lines.push(line) };
      const server = { name: 'weft', ...(await startLocalServer({ auditSink })) };
      return { server, audited: () => lines.join('') };
    },
  },
  {
    name: 'kube-apiserver',
    skip: kubeProblem(),
    start: async (): Promise<AuditedServer> => {
      const directory = mkdtempSync(join(tmpdir(), 'weft-audit-'));
      const [rules, log] = [join(directory, 'rules.yaml'), join(directory, 'log')];
      writeFileSync(rules, '{"apiVersion":"audit.k8s.io/v1","kind":"Policy","rules":[{"level":"Metadata"}]}');
      const server = await startKubeApiserver({
        flags: [
          // Nobody makes the default account of a namespace there.
          '--disable-admission-plugins=ServiceAccount',
          `--audit-policy-file=${rules}`,
          `--audit-log-path=${log}`,
        ],
      });
      const close = async (): Promise<void> => {
        await server.close();
        rmSync(directory, { recursive: true });
      };
      return { server: { ...server, close }, audited: () => readFileSync(log, 'utf8') };
    },
  },
] as const;

const apiVersion = 'rbac.authorization.k8s.io/v1';
const rbac = `/apis/${apiVersion}`;

interface AuditEvent {
  readonly verb: string;
  readonly user: { readonly username?: string };
  /** Absent where what is served is asked for: versions and kinds. */
  readonly objectRef?: { readonly resource: string };
  readonly responseStatus?: { readonly code: number };
}

const policy = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: api, namespace: shop }
spec:
  podSelector: { matchLabels: { name: api } }
  ingress:
    - from: [{ podSelector: { matchLabels: { name: web } } }]
      ports: [{ port: 8080 }]
`;

const node: Node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'node-1' },
  spec: { podCIDR: '10.9.1.0/24', podCIDRs: ['10.9.1.0/24'] },
};

for (const { name, skip, start } of servers) {
  describe(`questions about a cluster: ${name}`, { skip }, () => {
    let server: TestServer;
    let audited: () => string;
    let client: Client;
    let api: AnyApi;
    /** Of a user who may see what is in the namespace shop. */
    let narrow: string;
    const folder = mkdtempSync(join(tmpdir(), 'weft-analysis-'));
    const file = join(folder, 'policy.yaml');
    const ask = (...words: string[]): Promise<Ended> => weft(...words, '--kubeconfig', server.kubeconfig);
    const askNarrow = (...words: string[]): Promise<Ended> => weft(...words, '--kubeconfig', narrow);

    const make = async (path: string, body: object): Promise<void> => {
      const answer = await api.call('POST', path, { body });
      assert.equal(answer.status, 201, JSON.stringify(answer.body));
    };

    before(async () => {
      writeFileSync(file, policy);
      ({ server, audited } = await start());
      client = createClient({ ...server.access, clock: systemClock, log: silentLog });
      api = { call: caller(server.access) };
      await until('the server is ready', async () => (await api.call('GET', '/readyz')).status === 200);
      for (const namespace of ['shop', 'garden'])
        await make('/api/v1/namespaces', {
          apiVersion: 'v1',
          kind: 'Namespace',
          metadata: { name: namespace },
        });
      await createWithStatus(resources.nodes, node, {
        addresses: [{ type: 'InternalIP', address: '192.0.2.1' }],
      });
      for (const [index, key] of ['shop/web', 'shop/api', 'garden/visitor'].entries()) {
        const podIP = `10.9.1.${index + 1}`;
        await createWithStatus(resources.pods, podOn('node-1', key), { podIP, podIPs: [{ ip: podIP }] });
      }
      await make('/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies', {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'api', namespace: 'shop' },
        spec: {
          podSelector: { matchLabels: { name: 'api' } },
          ingress: [{ from: [{ podSelector: { matchLabels: { name: 'web' } } }], ports: [{ port: 8080 }] }],
        },
      });
      narrow = await narrowUser();
    });
    after(async () => {
      await client?.close();
      await server?.close();
      rmSync(folder, { recursive: true });
    });

    async function createWithStatus<T extends KubernetesObject>(
      resource: Resource<T>,
      object: T,
      status: object,
    ): Promise<void> {
      const { metadata } = await client.create(resource, object);
      await client.patch(resource, metadata, { subresource: 'status', body: { status } });
    }

    async function narrowUser(): Promise<string> {
      const rules = [
        { apiGroups: [''], resources: ['pods', 'services'], verbs: ['list'] },
        { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: ['list'] },
        { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list'] },
      ];
      const metadata = { name: 'viewer', namespace: 'shop' };
      await make(`${rbac}/namespaces/shop/roles`, { apiVersion, kind: 'Role', metadata, rules });
      return userOf('viewer', 'Role');
    }

    /** A kubeconfig of a new account in the namespace shop with the role of its name. */
    async function userOf(user: string, kind: 'Role' | 'ClusterRole'): Promise<string> {
      const metadata = { name: user, namespace: 'shop' };
      await make('/api/v1/namespaces/shop/serviceaccounts', {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata,
      });
      const place = kind === 'Role' ? `${rbac}/namespaces/shop/rolebindings` : `${rbac}/clusterrolebindings`;
      await make(place, {
        apiVersion,
        kind: `${kind}Binding`,
        metadata: kind === 'Role' ? metadata : { name: user },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: user },
        subjects: [{ kind: 'ServiceAccount', ...metadata }],
      });
      const { token } = await client.requestToken(metadata, { seconds: 3600 });
      const { server: address, ca } = server.access;
      const path = join(folder, user);
      const cluster = {
        server: address,
        'certificate-authority-data': Buffer.from(ca).toString('base64'),
        'tls-server-name': 'kubernetes.default.svc',
      };
      const config = {
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'there',
        contexts: [{ name: 'there', context: { cluster: 'there', user, namespace: 'shop' } }],
        clusters: [{ name: 'there', cluster }],
        users: [{ name: user, user: { token } }],
      };
      writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
      return path;
    }

    test('who may do what examples/ci/cluster-reader.yaml says gets every answer, and nothing else is asked', async () => {
      const role = parse(readFileSync('examples/ci/cluster-reader.yaml', 'utf8')) as KubernetesObject;
      await make(`${rbac}/clusterroles`, role);
      const reader = await userOf(role.metadata.name, 'ClusterRole');
      const questions = [
        ['reach'],
        ['reach', '--exposure'],
        ['explain', 'shop/web', 'shop/api:8080'],
        ['test', 'shop/web -> shop/api:8080'],
        ['lint', '--fail-on', 'error'],
        ['diff', 'cluster:', 'cluster:'],
      ];
      for (const words of questions) {
        const { code, err } = await weft(...words, '--kubeconfig', reader);
        assert.equal(code, 0, `${words.join(' ')}: ${err}`);
        assert.equal(err, '', words.join(' '));
      }
      const user = `system:serviceaccount:shop:${role.metadata.name}`;
      const asked = audited()
        .split('\n')
        .flatMap((line) => (line === '' ? [] : [JSON.parse(line) as AuditEvent]))
        .filter((event) => event.user.username === user);
      const others = asked.filter(({ verb, objectRef }) => objectRef !== undefined && verb !== 'list');
      assert.deepEqual(others, []);
      const refused = asked.filter(({ responseStatus }) => responseStatus?.code === 403);
      assert.deepEqual(refused, []);
      assert.ok(asked.some(({ objectRef }) => objectRef?.resource === 'networkpolicies'));
    });

    test('an administrator gets every answer, and the cluster stays as it is', async () => {
      const earlier = await snapshotOf(api);
      const reach = await ask('reach', '--to', 'shop/api*');
      assert.equal(reach.code, 0, reach.err);
      assert.match(reach.out, /^shop\/web\[Pod\] => shop\/api\[Pod\] : TCP 8080$/m);
      assert.doesNotMatch(reach.out, /garden\/visitor\[Pod\] => shop\/api/);
      const explain = await ask('explain', 'garden/visitor', 'shop/api:8080', '-f', file);
      assert.equal(explain.code, 1);
      assert.match(explain.out, /denied[^]*NetworkPolicy shop\/api .*policy\.yaml:6/);
      const held = await ask('test', 'shop/web -> shop/api:8080', 'garden/visitor -/-> shop/api:8080');
      assert.equal(held.code, 0, held.out);
      assert.equal((await ask('test', 'garden/visitor -> shop/api:8080')).code, 1);
      assert.equal((await ask('lint', '-o', 'json', '--fail-on', 'error')).code, 0);
      assert.deepEqual(await snapshotOf(api), earlier);
      const live = await ask('reach', '--live');
      assert.equal(live.code, 2);
      assert.match(live.err, /--live and --watch are not for it/);
    });

    test('a folder is compared with what there is', async () => {
      const opened = join(folder, 'opened');
      writeFileSync(`${opened}.yaml`, [policy.replace('8080', '8081'), ...podManifests].join('---\n'));
      const { code, out, err } = await ask('diff', 'cluster:', `${opened}.yaml`);
      assert.equal(code, 1, err);
      assert.match(out, /^changed +shop\/web\[Pod\] => shop\/api\[Pod\] : TCP 8080 -> TCP 8081$/m);
      const same = await ask('diff', 'cluster:', 'cluster:');
      assert.equal(same.code, 0, same.err);
      const nowhere = await weft('diff', 'cluster:', file);
      assert.equal(nowhere.code, 2);
      assert.match(nowhere.err, /--kubeconfig FILE/);
    });

    test('flows that were seen elsewhere are enough for policies', async () => {
      const time = '2026-01-01T00:00:00Z';
      const ends = { source: 'shop/web[Pod]', destination: 'shop/api[Pod]' };
      const seen = {
        ...ends,
        protocol: 'TCP',
        port: 8080,
        sent: true,
        received: true,
        first: time,
        last: time,
      };
      const flows = join(folder, 'flows.json');
      writeFileSync(flows, JSON.stringify({ since: time, flows: [seen], lost: 0 }));
      const { code, out, err } = await ask('suggest', '--flows', flows);
      assert.equal(code, 0, err);
      assert.match(out, /name: observed-web\n/);
    });

    test('a user of one namespace gets its answers, and is told what he may not see', async () => {
      const { code, out, err } = await askNarrow('reach');
      assert.equal(code, 2);
      assert.match(
        err,
        /a part of the answer[^]*may not list namespaces, so that others than his own are not/,
      );
      assert.match(err, /may not list nodes/);
      assert.doesNotMatch(out, /garden/);
      assert.match(out, /^shop\/web\[Pod\] => shop\/api\[Pod\] : TCP 8080$/m);
      const held = await askNarrow('test', 'shop/web -> shop/api:8080', '-o', 'json');
      assert.equal(held.code, 2);
      assert.match(held.out, /"actual": "allowed"/);
      const opened = join(folder, 'seen.yaml');
      writeFileSync(opened, [policy.replace('8080', '8081'), ...podManifests].join('---\n'));
      const changed = await askNarrow('diff', 'cluster:', opened);
      assert.equal(changed.code, 2);
      assert.match(changed.out, /^changed +shop\/web\[Pod\] => shop\/api\[Pod\] : TCP 8080 -> TCP 8081$/m);
      assert.match(changed.out, /garden\/visitor\[Pod\] is new\) \[in doubt: .*may not list namespaces/);
    });

    test('where there may be policies of other tiers that he cannot see, nothing is certain', async () => {
      await make('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', tierDefinition);
      const served = '/apis/policy.networking.k8s.io/v1alpha2/clusternetworkpolicies';
      await until('the kind is served', async () => (await api.call('GET', served)).status === 200);
      const { code, out } = await askNarrow('reach');
      assert.equal(code, 2);
      assert.match(out, /may not list clusternetworkpolicies/);
      assert.doesNotMatch(out, /=> shop\/api\[Pod\] : TCP/);
      const explain = await askNarrow('explain', 'shop/web', 'shop/api:8080');
      assert.equal(explain.code, 2);
      assert.match(explain.out, /: unknown\n  .*may not list clusternetworkpolicies/);
      const held = await askNarrow('test', 'shop/api -/-> shop/web:9', '-o', 'json');
      assert.equal(held.code, 2);
      assert.match(held.out, /"actual": "unknown"/);
      const changed = await askNarrow('diff', 'cluster:', join(folder, 'seen.yaml'));
      assert.match(changed.out, /^changed .* \[in doubt: .*may not list clusternetworkpolicies\]$/m);
      assert.equal((await ask('reach')).code, 0, 'the administrator may see them');
    });

    test('a user whom the server does not know is told so, and nothing else', async () => {
      const wrong = join(folder, 'wrong');
      const text = JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'there',
        contexts: [{ name: 'there', context: { cluster: 'there', user: 'nobody' } }],
        clusters: [
          { name: 'there', cluster: { server: server.access.server, 'insecure-skip-tls-verify': true } },
        ],
        users: [{ name: 'nobody', user: { token: 'wrong' } }],
      });
      writeFileSync(wrong, text);
      const { code, out, err } = await weft('reach', '--kubeconfig', wrong);
      assert.notEqual(code, 0);
      assert.equal(out, '');
      assert.match(err, /check the token or client certificate/);
    });
  });
}

const tierDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: 'clusternetworkpolicies.policy.networking.k8s.io',
    annotations: { 'api-approved.kubernetes.io': 'https://github.com/kubernetes-sigs/network-policy-api' },
  },
  spec: {
    group: 'policy.networking.k8s.io',
    scope: 'Cluster',
    names: {
      kind: 'ClusterNetworkPolicy',
      listKind: 'ClusterNetworkPolicyList',
      plural: 'clusternetworkpolicies',
      singular: 'clusternetworkpolicy',
    },
    versions: [
      {
        name: 'v1alpha2',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

const podManifests = ['shop/web', 'shop/api', 'garden/visitor'].map((key) =>
  JSON.stringify(podOn('node-1', key)).concat('\n'),
);
