import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leases } from '../api/lease.ts';
import { createFakeClient, type FakeCall } from '../client/fake/client.ts';
import { createFakeClock } from '../lib/fake-clock.ts';
import { WeftError } from '../lib/errors.ts';
import { silentLog } from '../lib/log.ts';
import { createNodeLeases } from './node-leases.ts';

const name = { namespace: 'kube-node-lease', name: 'n1' };

test('a node has a Lease that is renewed before it ends, until the node goes', async () => {
  const clock = createFakeClock();
  let isDown = false;
  const intercept = ({ resource }: FakeCall): void => {
    if (isDown && resource === leases) throw new WeftError('api-unavailable', 'nobody answered');
  };
  const client = createFakeClient({ clock, intercept });
  const kept = createNodeLeases({ clientOf: () => client, clock, log: silentLog });
  const renewedAt = async (): Promise<string | undefined> => (await client.get(leases, name))?.spec.renewTime;

  kept.follow(new Set(['n1']));
  await clock.advance(0);
  const first = await client.get(leases, name);
  assert.equal(first?.spec.holderIdentity, 'n1');
  await clock.advance(60_000);
  const later = await renewedAt();
  assert.notEqual(later, first.spec.renewTime);

  isDown = true;
  await clock.advance(20_000);
  isDown = false;
  await clock.advance(10_000);
  const again = await renewedAt();
  assert.notEqual(again, later);

  kept.follow(new Set());
  await clock.advance(60_000);
  assert.equal(await renewedAt(), again);
  assert.equal(clock.pending, 0);
});
