import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadBalancerResources } from '../api/resources.ts';
import type { ServiceL2Status } from '../api/types/load-balancer.ts';
import { createFakeClient, type FakeCall } from '../client/fake/client.ts';
import type { Client } from '../client/port.ts';
import { WeftError } from '../lib/errors.ts';
import { createFakeClock, type FakeClock } from '../lib/fake-clock.ts';
import { silentLog } from '../lib/log.ts';
import { l2StatusOf, statusNode } from '../model/load-balancer/announcement-status.ts';
import { createAnnouncementStatus, type AnnouncementStatus } from './announcement-status.ts';

const resource = loadBalancerResources.servicel2statuses;
const held = (node: string, service: string): ServiceL2Status => l2StatusOf({ node, service }, 'eth0');
/** As another program would write it. */
const others: ServiceL2Status = {
  ...held('node-1', 'default/web'),
  metadata: { name: 'l2-of-others', namespace: 'metallb-system', labels: { 'metallb.io/node': 'node-1' } },
};

interface World {
  readonly client: Client;
  readonly clock: FakeClock;
  readonly statuses: AnnouncementStatus<ServiceL2Status>;
  readonly calls: FakeCall[];
  /** What the API has, in words, when all is written. */
  readonly said: () => Promise<readonly string[]>;
}

function world(
  objects: readonly ServiceL2Status[] = [],
  refuse = (_call: FakeCall): boolean => false,
): World {
  const calls: FakeCall[] = [];
  const clock = createFakeClock();
  const client = createFakeClient({
    objects,
    intercept(call) {
      if (call.verb !== 'list') calls.push(call);
      if (refuse(call)) throw new WeftError('api-unavailable', 'not now');
    },
  });
  const isOwn = (object: ServiceL2Status): boolean => ['node-1', 'node-2'].includes(statusNode(object) ?? '');
  return {
    client,
    clock,
    calls,
    statuses: createAnnouncementStatus({ client, resource, isOwn, clock, log: silentLog }),
    async said() {
      await clock.advance(60_000);
      const { items } = await client.list(resource);
      return items.map(({ status }) => `${status?.node} ${status?.serviceName}`).toSorted();
    },
  };
}

test('what is announced is written down, and nothing twice', async () => {
  const { statuses, said, calls } = world();
  statuses.set([held('node-1', 'default/web'), held('node-2', 'default/other')]);
  assert.deepEqual(await said(), ['node-1 web', 'node-2 other']);
  const before = calls.length;
  statuses.set([held('node-1', 'default/web'), held('node-2', 'default/other')]);
  assert.deepEqual(await said(), ['node-1 web', 'node-2 other']);
  assert.equal(calls.length, before);
});

test('what is no longer announced goes, and what others wrote stays', async () => {
  const elsewhere = held('node-9', 'default/web');
  const { statuses, said } = world([held('node-1', 'default/gone'), elsewhere, others]);
  statuses.set([held('node-1', 'default/web')]);
  assert.deepEqual(await said(), ['node-1 web', 'node-1 web', 'node-9 web']);
  statuses.set([]);
  assert.deepEqual(await said(), ['node-1 web', 'node-9 web']);
});

test('nothing is taken away before it is known what is announced', async () => {
  const { said } = world([held('node-1', 'default/web')]);
  assert.deepEqual(await said(), ['node-1 web']);
});

test('what somebody else takes away or changes is written again', async () => {
  const { client, statuses, said } = world();
  const web = held('node-1', 'default/web');
  const name = { namespace: 'metallb-system', name: web.metadata.name };
  statuses.set([web]);
  await said();
  await client.delete(resource, name);
  assert.deepEqual(await said(), ['node-1 web']);
  const body = { status: { interfaces: [{ name: 'eth7' }] } };
  await client.patch(resource, name, { body, subresource: 'status' });
  await said();
  assert.deepEqual((await client.get(resource, name))?.status?.interfaces, [{ name: 'eth0' }]);
});

test('what the API refuses is tried again, from where it stopped', async () => {
  let refusals = 3;
  const { statuses, said } = world([], ({ verb }) => verb !== 'list' && verb !== 'get' && refusals-- > 0);
  statuses.set([held('node-1', 'default/web')]);
  assert.deepEqual(await said(), ['node-1 web']);
});
