import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { resources } from '../../../src/api/resources.ts';
import type { Deployment } from '../../../src/api/types/apps.ts';
import type { ConfigMap } from '../../../src/api/types/core.ts';
import { createClient, type HttpClient } from '../../../src/client/http/client.ts';
import type { Client } from '../../../src/client/port.ts';
import { createControllers } from '../../../src/controllers/controllers.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { defaultNetworkConfig } from '../../../src/model/network/config.ts';
import {
  startFaultyProxy,
  type Fault,
  type FaultyProxy,
  type ProxiedRequest,
} from '../../support/faulty-proxy.ts';
import type { TestServer } from '../../support/kube-server.ts';
import { oneOf, randomOf } from '../../support/random.ts';
import { playNodes, readyNode } from './stand-ins.ts';
import { until } from './until.ts';

const namespace = 'faults';
const name = { namespace, name: 'web' };
/** A watch that is swallowed shall not take a minute and a half of every run. */
const watchSilenceMs = 1_000;
const stormMs = 4_000;

const web: Deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: name,
  spec: {
    replicas: 4,
    selector: { matchLabels: { app: 'web' } },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'main', image: 'none.invalid/none', ports: [{ containerPort: 80 }] }] },
    },
  },
};

/** Every kind of fault, to a fifth of all requests. */
function storm(random: () => number): (request: ProxiedRequest) => Fault | undefined {
  return ({ isWatch, isList, method }) => {
    if (random() > (isWatch || isList ? 0.5 : 0.2)) return undefined;
    const faults: Fault[] = [
      { kind: 'delay', ms: random() * 300 },
      { kind: 'reset', lost: 'request' },
      { kind: 'answer', status: 500 },
      { kind: 'answer', status: 429, retryAfter: random() < 0.5 ? 0 : 1 },
      { kind: 'answer', status: 503 },
      { kind: 'cut' },
    ];
    if (isWatch) faults.push({ kind: 'swallow' }, { kind: 'swallow' }, { kind: 'answer', status: 410 });
    if (isList) faults.push({ kind: 'stale' }, { kind: 'stale' });
    // The server has done it, and nobody knows.
    if (method === 'POST' || method === 'DELETE') faults.push({ kind: 'reset', lost: 'answer' });
    return oneOf(random, faults);
  };
}

/**
 * ReplicaSets that had, at some time, more pods that count than were ever asked of them, as a client sees it that
 * the faults do not touch. The pods of a whole Deployment are no such sum: an old ReplicaSet that was told to shrink
 * may still have its pod when the new one makes its own, as it is with the Deployments of any Kubernetes.
 */
function watchExcess(client: Client): () => Promise<string[]> {
  const pods = client.informer(resources.pods);
  const asked = new Map<string, number>();
  const most = new Map<string, number>();
  const raise = (counts: Map<string, number>, key: string, count: number): void => {
    counts.set(key, Math.max(count, counts.get(key) ?? 0));
  };
  const sets = client.informer(resources.replicasets);
  sets.onChange(({ current }) => {
    if (current !== undefined) raise(asked, current.metadata.uid ?? '', current.spec.replicas ?? 1);
  });
  pods.onChange(() => {
    const active = [...pods.values()].filter(
      ({ metadata }) => metadata.namespace === namespace && metadata.deletionTimestamp === undefined,
    );
    for (const [uid, owned] of Map.groupBy(active, (pod) => pod.metadata.ownerReferences?.[0]?.uid ?? '')) {
      raise(most, uid, owned.length);
    }
  });
  return async () => {
    // Both watches have told what there was before now.
    await Promise.all([sets.synced, pods.synced]);
    assert.ok(most.size > 1, 'more than one ReplicaSet was seen');
    return [...most]
      .filter(([uid, count]) => count > (asked.get(uid) ?? 0))
      .map(([uid, count]) => `${uid}: ${count} pods of ${asked.get(uid) ?? 0}`);
  };
}

async function prepare(client: Client): Promise<void> {
  const metadata = { name: namespace };
  await client.apply(resources.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata });
  await client.apply(resources.serviceaccounts, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace },
  });
  if ((await client.get(resources.nodes, { name: 'node-1' })) === undefined) {
    await client.create(resources.nodes, readyNode('node-1'));
  }
}

/** Changes what is wanted, again and again; ends with 4 pods of the last image. */
async function stir(client: Client, random: () => number): Promise<string> {
  const end = performance.now() + stormMs;
  let image = '';
  for (let turn = 0; performance.now() < end; turn++) {
    image = `none.invalid/v${turn}`;
    const container = { ...web.spec.template.spec.containers[0], image };
    const template = { spec: { containers: [container] } };
    await client.patch(resources.deployments, name, {
      body: { spec: { replicas: 1 + Math.floor(random() * 4), template } },
    });
    await delay(200 + random() * 600);
  }
  await client.patch(resources.deployments, name, { body: { spec: { replicas: 4 } } });
  return image;
}

/** What controllers make of a server that delays, refuses, cuts, forgets, swallows and lies about the past. */
export function faultsOn(server: () => TestServer): void {
  const inStorm = async (
    seed: number,
    story: (proxy: FaultyProxy, client: Client) => Promise<void>,
  ): Promise<void> => {
    const proxy = await startFaultyProxy(server().access);
    const direct = createClient({ ...server().access, clock: systemClock, log: silentLog });
    const client = createClient({ ...proxy.access, clock: systemClock, log: silentLog, watchSilenceMs });
    const controllers = createControllers({
      client,
      clock: systemClock,
      log: silentLog,
      config: defaultNetworkConfig,
    });
    await prepare(direct);
    const stopNodes = playNodes(direct);
    try {
      await controllers.start();
      await story(proxy, direct);
      const counts = client.counts();
      assert.ok(counts.retries > 0 && counts.failures > 0, 'refusals and failures are counted');
      // A storm of faults must not become a storm of requests.
      assert.ok(counts.requests < 6_000, `seed ${seed}: ${counts.requests} requests`);
    } finally {
      stopNodes();
      await client.close();
      await controllers.stop();
      await direct.close();
      await proxy.close();
    }
  };

  describe('controllers behind a network and a server that fail', () => {
    it('never make a pod more than a ReplicaSet asks for, and end with what is wanted', async (t) => {
      const seed = Number(process.env['WEFT_FAULT_SEED'] ?? 20_261_121);
      t.diagnostic(`seed ${seed}`);
      const random = randomOf(seed);
      await inStorm(seed, async (proxy, client) => {
        const excess = watchExcess(client);
        await client.create(resources.deployments, web);
        await until('the pods run', async () => (await running(client)).length === 4);
        proxy.fault = storm(random);
        const image = await stir(client, random);
        proxy.fault = undefined;
        t.diagnostic(`faults: ${JSON.stringify(Object.fromEntries(proxy.done))}`);
        await until('4 pods of the last image run', async () => {
          const images = await running(client);
          return images.length === 4 && images.every((each) => each === image);
        });
        assert.deepEqual(await excess(), []);
      });
    });
  });

  describe('a client behind a network that fails', () => {
    const behindProxy = async (
      story: (world: { proxy: FaultyProxy; client: HttpClient; direct: Client }) => Promise<void>,
    ): Promise<void> => {
      const proxy = await startFaultyProxy(server().access);
      const direct = createClient({ ...server().access, clock: systemClock, log: silentLog });
      const client = createClient({ ...proxy.access, clock: systemClock, log: silentLog, watchSilenceMs });
      try {
        await prepare(direct);
        await story({ proxy, client, direct });
      } finally {
        await client.close();
        await direct.close();
        await proxy.close();
      }
    };
    const settings = (key: string): ConfigMap => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: key, namespace },
    });

    it('repeats what is refused with 429, when it was told to', () =>
      behindProxy(async ({ proxy, client }) => {
        let left = 2;
        proxy.fault = () => (left-- > 0 ? { kind: 'answer', status: 429, retryAfter: 1 } : undefined);
        const began = performance.now();
        await client.create(resources.configmaps, settings('refused'));
        assert.ok(performance.now() - began >= 2_000, 'it waited as long as it was told');
        assert.equal(client.counts().retries, 2);
      }));

    it('notices a watch that says nothing any more, and misses nothing', () =>
      behindProxy(async ({ proxy, client, direct }) => {
        proxy.fault = ({ isWatch }) => (isWatch ? { kind: 'swallow' } : undefined);
        const informer = client.informer(resources.configmaps);
        await informer.synced;
        await direct.create(resources.configmaps, settings('swallowed'));
        await until('a silent watch is noticed', async () => client.counts().silentWatches > 0);
        proxy.fault = undefined;
        await until('what was swallowed is seen', async () => informer.get(`${namespace}/swallowed`));
        assert.equal(client.counts().lists, 1, 'without a new list');
      }));

    it('refuses a list that is older than what it has seen', () =>
      behindProxy(async ({ proxy, client, direct }) => {
        const informer = client.informer(resources.configmaps);
        await informer.synced;
        await direct.create(resources.configmaps, settings('newer'));
        await until('it is seen', async () => informer.get(`${namespace}/newer`));
        const lost: string[] = [];
        informer.onChange(({ key, current }) => {
          if (current === undefined) lost.push(key);
        });
        proxy.fault = ({ isList }) => (isList ? { kind: 'stale' } : undefined);
        informer.renew();
        await until('the old list is refused', async () => client.counts().staleLists > 1);
        proxy.fault = undefined;
        await until('it has listed', async () => client.counts().lists > client.counts().staleLists + 1);
        assert.deepEqual(lost, []);
      }));
  });

  const running = async (client: Client): Promise<string[]> => {
    const { items } = await client.list(resources.pods, { namespace });
    return items
      .filter(
        ({ metadata, status }) => metadata.deletionTimestamp === undefined && status?.phase === 'Running',
      )
      .map(({ spec }) => spec.containers[0]?.image ?? '');
  };
}
