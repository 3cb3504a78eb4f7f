/**
 * Virtual networks with packets.
 *
 *     hub 10.0.0.0/16     a/10.0.1.4, b/10.0.1.5 (subnet one), nva/10.0.2.4 (two)
 *     internet 203.0.113.10
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { cannotSendPackets } from '../support/lab.ts';
import { createTestNetworks, machine, network, type TestNetworks } from '../support/networks.ts';

const hub = network('hub', '10.0.0.0/16', { one: '10.0.1.0/24', two: '10.0.2.0/24' });
const world = [hub, machine('a', 'hub/one'), machine('b', 'hub/one'), machine('nva', 'hub/two')];

describe('virtual networks', { skip: cannotSendPackets }, () => {
  let net: TestNetworks;
  before(async () => {
    net = createTestNetworks();
    await net.apply(world);
  });
  after(async () => net.close());

  test('machines of one network see each other by their own addresses, and the internet a public one', async () => {
    assert.equal(await net.seen('vm:a', '10.0.1.5:80'), '10.0.1.4');
    assert.equal(await net.seen('vm:a', '10.0.2.4:80', { protocol: 'UDP' }), '10.0.1.4');
    assert.match(await net.seen('vm:a', '203.0.113.10:80'), /^203\.0\.113\.(6[4-9]|[7-9]\d|1[0-2]\d)$/);
  });
});
