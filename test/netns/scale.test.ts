/**
 * Many pods at once, with packets: 200 on five nodes, in ten Deployments with a Service each. The full size is measured
 * by bench/figures/scale-pods.ts.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openLabs } from '../../src/cmd/weft/labs.ts';
import { applyObjects } from '../../src/lab/apply.ts';
import { getMetrics } from '../../src/lab/bundle/metrics.ts';
import { watchReadiness } from '../../src/lab/readiness.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { resources } from '../../src/api/resources.ts';
import type { KubernetesObject } from '../../src/api/types/meta.ts';
import { cannotSendPackets, startLab, type TestLab } from '../support/lab.ts';
import { deployment, enforce, podsOf, policy, serviceOf } from './objects.ts';

const apps = Array.from({ length: 10 }, (_, index) => `app-${index}`);
const replicas = 20;
const nodes = 5;
/** Far more than it takes, for machines that do much else. */
const patienceMs = 200_000;

describe('two hundred pods on five nodes', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  const many: readonly KubernetesObject[] = apps.flatMap((app) => [
    deployment(app, replicas),
    serviceOf(app),
  ]);

  /** The lab holds exactly these, whole and programmed. */
  const hold = async (objects: readonly KubernetesObject[]): Promise<void> => {
    const { connection } = lab;
    await applyObjects(connection.client, objects);
    const readiness = watchReadiness(connection.client, systemClock);
    await readiness.wait(patienceMs);
    await connection.programmed(readiness.versions());
  };

  before(async () => {
    lab = await startLab('scale', { nodes });
    await hold(many);
  });
  after(async () => lab?.down());

  test('are all ready, with addresses of their own, spread over the nodes', async () => {
    const pods = (await Promise.all(apps.map((app) => podsOf(lab, app)))).flat();
    assert.equal(new Set(pods.map(({ status }) => status?.podIP)).size, apps.length * replicas);
    assert.equal(new Set(pods.map(({ spec }) => spec.nodeName)).size, nodes);
  });

  test('reach each other through Services from every node, and endpoints of every Service answer', async () => {
    const clients = await podsOf(lab, 'app-0');
    for (const [index, app] of apps.entries()) {
      const client = clients[index];
      assert.ok(client !== undefined);
      const { spec } = await serviceNamed(app);
      const result = await lab.probe(`pod-${client.metadata.uid}`, `${spec.clusterIP}:80`);
      assert.match(result.answer?.pod ?? 'nobody', new RegExp(`^default/${app}-`));
    }
  });

  test('a policy holds for all pods that it selects, and for no others', async () => {
    const podSelector = { matchLabels: { app: 'app-1' } };
    await enforce(lab, policy('default/shut', { podSelector, policyTypes: ['Ingress'] }));
    const [client] = await podsOf(lab, 'app-0');
    const [shut, open] = [await podsOf(lab, 'app-1'), await podsOf(lab, 'app-2')];
    const ask = async (address: string | undefined): Promise<string> =>
      (await lab.probe(`pod-${client?.metadata.uid}`, `${address}:8080`)).outcome;
    const verdicts = await Promise.all([...shut, ...open].map(({ status }) => ask(status?.podIP)));
    assert.deepEqual(new Set(verdicts.slice(0, replicas)), new Set(['denied']));
    assert.deepEqual(new Set(verdicts.slice(replicas)), new Set(['answered']));
  });

  test('every process says how long its event loop kept others waiting', async () => {
    const paths = openLabs().control.paths(lab.name);
    for (const role of ['holder', 'control', 'agents', 'dns']) {
      const text = await getMetrics(paths.metrics(role));
      assert.ok(text !== undefined, `${role} serves no metrics`);
      assert.match(text, /^weft_event_loop_delay_seconds_bucket\{le="0\.05"\} [1-9]\d*$/m, role);
    }
  });

  test('leave nothing when they go', async () => {
    await hold([]);
    const isPod = (name: string): boolean => name.startsWith('pod-');
    const deadline = systemClock.monotonic() + patienceMs;
    // The cluster DNS stays.
    while (lab.namespaces.list().filter(isPod).length > 1) {
      assert.ok(systemClock.monotonic() < deadline, lab.namespaces.list().join());
      await new Promise((resolve) => void setTimeout(resolve, 50));
    }
  });

  const serviceNamed = async (name: string) => {
    const found = await lab.connection.client.get(resources.services, { namespace: 'default', name });
    assert.ok(found !== undefined);
    return found;
  };
});
