import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resources } from '../../api/resources.ts';
import { clientOf } from '../../client/fake/client.ts';
import { createFakeStore, type FakeStore } from '../../client/fake/store.ts';
import type { Client } from '../../client/port.ts';
import { createFakeClock, type FakeClock } from '../../lib/fake-clock.ts';
import { WeftError } from '../../lib/errors.ts';
import { silentLog } from '../../lib/log.ts';
import { defaultNetworkConfig } from '../../model/network/config.ts';
import { deploymentNamed, nodeNamed } from '../scenario.ts';
import { fencedClient } from './fenced-client.ts';
import { createLedControllers, type LedControllers } from './led-controllers.ts';

interface Process extends LedControllers {
  /** Writes that reached the API server, but for its Lease. */
  readonly writes: string[];
  /** Cuts it from the API server. */
  cut: boolean;
}

function processNamed(identity: string, store: FakeStore, clock: FakeClock): Process {
  const state = { cut: false, writes: [] as string[] };
  const connect = (): Client =>
    clientOf(store, {
      intercept({ verb, resource, name }) {
        if (state.cut) throw new WeftError('api-unavailable', 'nobody answered');
        const isRead = verb === 'get' || verb === 'list';
        if (!isRead && resource.kind !== 'Lease') state.writes.push(`${verb} ${resource.kind} ${name?.name}`);
      },
    });
  const led = createLedControllers({
    client: connect(),
    connect,
    clock,
    log: silentLog,
    config: defaultNetworkConfig,
    lease: { namespace: 'kube-system', name: 'weft-controllers' },
    identity,
  });
  return Object.assign(state, led);
}

const podsOf = (store: FakeStore): number => store.list(resources.pods).items.length;

test('only the leader acts; when it is cut off another goes on, and it writes nothing more', async () => {
  const clock = createFakeClock(1_000_000_000);
  const store = createFakeStore(() => clock.now());
  store.put(resources.nodes, nodeNamed('node-1'));
  const [one, other] = [processNamed('one', store, clock), processNamed('other', store, clock)];
  await one.start();
  await clock.advance(100);
  await other.start();
  store.create(resources.deployments, deploymentNamed('web', 2));
  await clock.advance(5_000);
  assert.deepEqual([podsOf(store), other.writes], [2, []]);

  one.cut = true;
  const before = one.writes.length;
  store.create(resources.deployments, deploymentNamed('more', 3));
  await clock.advance(60_000);
  assert.equal(podsOf(store), 5);
  assert.deepEqual([one.election.isLeading(), other.election.isLeading()], [false, true]);
  assert.ok(one.current() === undefined && other.current() !== undefined);

  one.cut = false;
  await clock.advance(60_000);
  assert.equal(one.writes.length, before, 'who lost the lease writes nothing');
  await Promise.all([one.stop(), other.stop(), clock.advance(1_000)]);
});

test('a process that slept through the end of its term writes nothing when it wakes', async () => {
  const clock = createFakeClock();
  const store = createFakeStore(() => 0);
  let leads = true;
  const client = fencedClient(clientOf(store), () => leads);
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'shop', name: 'a' },
    spec: { containers: [] },
  };
  const made = await client.create(resources.pods, pod);
  leads = false;
  const namespace = { namespace: 'shop', name: 'a' };
  for (const write of [
    () => client.create(resources.pods, { ...pod, metadata: { ...namespace, name: 'b' } }),
    () => client.update(resources.pods, made),
    () => client.updateStatus(resources.pods, made),
    () => client.patch(resources.pods, namespace, { body: {} }),
    () => client.apply(resources.pods, pod),
    () => client.bind(namespace, 'node-1'),
    () => client.delete(resources.pods, namespace),
    () => client.finalizeNamespace('shop'),
  ]) {
    await assert.rejects(write(), { code: 'api-unavailable' });
  }
  assert.deepEqual(store.list(resources.pods).items, [store.get(resources.pods, namespace)]);
  assert.ok(await client.get(resources.pods, namespace), 'it may read');
  assert.equal(clock.pending, 0);
});
