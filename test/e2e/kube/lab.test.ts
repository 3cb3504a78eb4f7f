import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { resources } from '../../../src/api/resources.ts';
import type { KubernetesObject } from '../../../src/api/types/meta.ts';
import { startLocalServer } from '../../../src/apiserver/testing/local-server.ts';
import { apiCode } from '../../../src/client/errors.ts';
import { createClient } from '../../../src/client/http/client.ts';
import type { Client } from '../../../src/client/port.ts';
import { openLabs } from '../../../src/cmd/weft/labs.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { isPodReady } from '../../../src/model/workloads/pod-state.ts';
import { caller } from '../../support/kube-apiserver.ts';
import { kubeProblem, startKubeApiserver, type TestServer } from '../../support/kube-server.ts';
import { cannotSendPackets } from '../../support/lab.ts';
import { startRelay, type Relay } from '../../support/relay.ts';
import { weft } from '../../support/weft.ts';
import { snapshotOf } from './snapshot.ts';
import { until } from './until.ts';

/*
 * `weft up --kubeconfig`: a lab whose API server is somebody else's. The same story on Weft's own API server, run as
 * that of a cluster, and on a real kube-apiserver, which has no controllers.
 */

/** Kinds that others define, and a pod of its own in a namespace that is not there yet. */
const more = `
apiVersion: v1
kind: Namespace
metadata: { name: more, labels: { team: more } }
---
apiVersion: v1
kind: Pod
metadata: { name: alone, namespace: more, labels: { app: alone } }
spec:
  containers: [{ name: main, image: none.invalid/none, ports: [{ containerPort: 8080 }] }]
---
apiVersion: v1
kind: Service
metadata: { name: alone, namespace: more }
spec: { type: LoadBalancer, selector: { app: alone }, ports: [{ port: 80, targetPort: 8080 }] }
---
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: { name: nobody-to-more }
spec:
  tier: Baseline
  priority: 10
  subject: { namespaces: { matchLabels: { team: more } } }
  ingress: [{ name: none, action: Deny, from: [{ namespaces: {} }] }]
`;

const example = fileURLToPath(new URL('../../../examples/two-tier', import.meta.url));

const servers: readonly {
  id: string;
  name: string;
  skip: string | false;
  start: () => Promise<TestServer>;
}[] = [
  {
    id: 'weft',
    name: "Weft's API server",
    skip: cannotSendPackets,
    start: async () => ({ name: 'weft', ...(await startLocalServer()) }),
  },
  {
    id: 'kube',
    name: 'kube-apiserver',
    skip: cannotSendPackets || kubeProblem(),
    start: startKubeApiserver,
  },
];

/** What somebody else has on the cluster. */
const others: readonly KubernetesObject[] = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'theirs' } },
  configMap('theirs', 'settings'),
  configMap('default', 'settings'),
];

function configMap(namespace: string, name: string): KubernetesObject {
  const made = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: { a: '1' } };
  return made;
}

for (const { id, name, skip, start } of servers) {
  describe(`a lab on ${name}`, { skip }, () => {
    const lab = `test-on-${id}-${process.pid}`;
    let server: TestServer;
    let client: Client;
    let relay: Relay;
    /** Of the way through the relay. */
    let kubeconfig: string;
    let extra: string;
    let earlier: ReadonlyMap<string, unknown>;
    const up = (...words: string[]): ReturnType<typeof weft> =>
      weft('up', '--name', lab, '--kubeconfig', kubeconfig, '-f', example, '-f', extra, '--wait', ...words);

    before(async () => {
      server = await start();
      const { port } = new URL(server.access.server);
      relay = await startRelay(Number(port));
      kubeconfig = join(server.directory, 'relayed');
      const text = readFileSync(server.kubeconfig, 'utf8').replaceAll(`:${port}`, `:${relay.port}`);
      writeFileSync(kubeconfig, text, { mode: 0o600 });
      extra = join(server.directory, 'more.yaml');
      writeFileSync(extra, more);
      client = createClient({ ...server.access, clock: systemClock, log: silentLog });
      const [namespace, ...rest] = others;
      for (const object of [namespace, ...rest]) {
        const resource = object?.kind === 'Namespace' ? resources.namespaces : resources.configmaps;
        await client.create(resource, object as never);
      }
      const api = { call: caller(server.access) };
      // A server goes on making what it always has for a while after its first answer.
      await until('the server is ready', async () => (await api.call('GET', '/readyz')).status === 200);
      if (server.name === 'kube-apiserver') {
        const place = { namespace: 'default', name: 'kubernetes' };
        await until('its own Service is there', () => client.get(resources.services, place));
      }
      earlier = await snapshotOf(api);
    });
    after(async () => {
      await weft('down', '--name', lab);
      await client.close();
      await relay.cut();
      await server.close();
    });

    test('comes up, and asking for the same again changes nothing', async () => {
      const first = await up();
      assert.equal(first.code, 0, first.err);
      const second = await up();
      assert.equal(second.code, 0, second.err);
      assert.match(second.err, /12 unchanged/);
      const name = { namespace: 'more', name: 'alone' };
      const service = await client.get(resources.services, name);
      assert.ok(service?.status?.loadBalancer?.ingress?.[0]?.ip, JSON.stringify(service?.status));
    });

    test('every packet does as predicted', async () => {
      const { code, out } = await weft('reach', '--live', '--name', lab);
      assert.match(out, /^\d+ right, 0 wrong, 0 unknown, /m);
      assert.equal(code, 0);
    });

    test('is asked about as any lab', async () => {
      const walk = ['default/Deployment/web', 'svc:default/database:5432', '--name', lab];
      const inside = ['exec', 'more/alone', '--name', lab, '--', 'true'];
      for (const words of [['status', '--name', lab], ['connect', ...walk], ['explain', ...walk], inside]) {
        const { code, err } = await weft(...words);
        assert.equal(code, 0, `${words.join(' ')}: ${err}`);
      }
    });

    test('pods that are deleted end, and others take their places', async () => {
      const { items } = await client.list(resources.pods, { namespace: 'default' });
      const uids = items.map(({ metadata }) => metadata.uid);
      for (const { metadata } of items) {
        await client.delete(resources.pods, { namespace: 'default', name: metadata.name });
      }
      const again = await up();
      assert.equal(again.code, 0, again.err);
      const { items: after } = await client.list(resources.pods, { namespace: 'default' });
      assert.equal(after.length, uids.length);
      assert.ok(after.every(({ metadata }) => !uids.includes(metadata.uid)));
    });

    test('packets flow while the API server is away, and what changed meanwhile is done when it is back', async () => {
      const connection = await openLabs().connect(lab);
      try {
        const pods = (await client.list(resources.pods, { namespace: 'default' })).items;
        const web = pods.find(({ metadata }) => metadata.labels?.['app'] === 'web');
        const database = pods.find(({ metadata }) => metadata.name === 'database-0');
        const prober = await connection.prober();
        const ask = async (): Promise<string> =>
          (
            await prober.probe(
              {
                netns: `pod-${web?.metadata.uid}`,
                protocol: 'TCP',
                address: database?.status?.podIP ?? '',
                port: 5432,
              },
              { timeoutMs: 2000 },
            )
          ).outcome;
        assert.equal(await ask(), 'answered');
        await relay.cut();
        assert.equal(await ask(), 'answered');
        const away = await weft('status', '--name', lab);
        assert.equal(away.code, 1, away.out);
        const name = { namespace: 'default', name: 'web' };
        await client.patch(resources.deployments, name, { body: { spec: { replicas: 5 } } });
        await relay.mend();
        await until('the new pods run', async () => {
          const { items } = await client.list(resources.pods, {
            namespace: 'default',
            labelSelector: 'app=web',
          });
          return items.length === 5 && items.every(isPodReady);
        });
        await client.patch(resources.deployments, name, { body: { spec: { replicas: 3 } } });
        assert.equal((await up()).code, 0);
        const { code, out } = await weft('reach', '--live', '--name', lab);
        assert.match(out, /^\d+ right, 0 wrong, 0 unknown, /m);
        assert.equal(code, 0);
      } finally {
        await relay.mend();
        await connection.close();
      }
    });

    test('its processes ask for nothing that they may not, and their tokens are nobody else to read', async () => {
      const { out } = await weft('logs', '--name', lab);
      for (const role of ['control', 'agents', 'dns']) assert.match(out, new RegExp(`\\b${role}\\b`));
      assert.doesNotMatch(out, /forbidden|unauthorized/i);
      const tokens = `/run/weft/${lab}/credentials/tokens`;
      const files = readdirSync(tokens).map((file) => join(tokens, file));
      assert.equal(files.length, 6);
      for (const file of files) assert.equal(statSync(file).mode & 0o777, 0o600);
    });

    test('each of its accounts may what it needs, and not what another needs', async () => {
      const as = (role: string): Client => {
        const token = readFileSync(`/run/weft/${lab}/credentials/tokens/weft-${lab}-${role}`, 'utf8');
        return createClient({ ...server.access, token, clock: systemClock, log: silentLog });
      };
      const tokenFor = (from: Client, role: string): Promise<unknown> =>
        from.requestToken({ namespace: 'kube-system', name: `weft-${lab}-${role}` }, { seconds: 600 });
      const [dns, agents, node] = [as('dns'), as('agents'), as('node-node-1')];
      const status = { subresource: 'status', body: { status: {} } } as const;
      const { items } = await client.list(resources.pods);
      const podOn = (name: string): { name: string; namespace: string } => {
        const found = items.find(({ spec }) => spec.nodeName === name);
        assert.ok(found, `a pod is on ${name}`);
        return { name: found.metadata.name, namespace: found.metadata.namespace ?? '' };
      };
      try {
        await node.patch(resources.pods, podOn('node-1'), status);
        await tokenFor(dns, 'dns');
        await tokenFor(agents, 'node-node-2');
        await node.patch(resources.nodes, { name: 'node-1' }, status);
        const attempts = await Promise.allSettled([
          tokenFor(dns, 'agents'),
          tokenFor(agents, 'control'),
          tokenFor(node, 'node-node-1'),
          dns.list(resources.secrets),
          agents.list(resources.secrets),
          agents.patch(resources.nodes, { name: 'node-1' }, status),
          node.patch(resources.nodes, { name: 'node-2' }, status),
          node.list(resources.pods),
          node.patch(resources.pods, podOn('node-2'), status),
          node.delete(resources.pods, podOn('node-2'), { graceSeconds: 0 }),
        ]);
        assert.deepEqual(
          attempts.map((one) => (one.status === 'rejected' ? apiCode(one.reason) : 'done')),
          attempts.map(() => 'api-forbidden'),
        );
      } finally {
        for (const one of [dns, agents, node]) await one.close();
      }
    });

    const leftAsItWas = async (): Promise<void> => {
      assert.equal(existsSync(`/run/weft/${lab}`), false);
      const later = await snapshotOf({ call: caller(server.access) });
      assert.deepEqual([...later.keys()].toSorted(), [...earlier.keys()].toSorted());
      assert.deepEqual(later, earlier);
    };

    test('`down` leaves the cluster as it was', async () => {
      const { code, err } = await weft('down', '--name', lab);
      assert.equal(code, 0, err);
      await leftAsItWas();
    });

    test('what `down` cannot remove because the server is away is removed when it is back', async () => {
      assert.equal((await up()).code, 0);
      await relay.cut();
      const away = await weft('down', '--name', lab);
      assert.equal(away.code, 3, away.err);
      assert.match(away.err, new RegExp(`weft down --name ${lab} --kubeconfig`));
      assert.equal(existsSync(`/run/weft/${lab}`), false);
      await relay.mend();
      const back = await weft('down', '--name', lab, '--kubeconfig', kubeconfig);
      assert.equal(back.code, 0, back.err);
      await leftAsItWas();
    });
  });
}
