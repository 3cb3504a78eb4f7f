import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodePlace } from '../../model/network/topology.ts';
import { blockSources } from '../addresses/block-source.ts';
import { createPodAddresses, type PodAddresses } from './pod-addresses.ts';
import { twoNodes } from '../../../test/support/agents/fake-machine.ts';

const [node] = twoNodes;

function addresses(holders: Readonly<Record<string, string>> = {}): PodAddresses {
  return createPodAddresses(blockSources(node), (address) => holders[address]);
}

test('pods get the lowest free addresses, and one that was released comes back', () => {
  const pool = addresses();
  assert.deepEqual(
    ['a', 'b', 'c'].flatMap((key) => pool.take(key)),
    ['10.244.0.1', '10.244.0.2', '10.244.0.3'],
  );
  pool.release(['10.244.0.2']);
  assert.deepEqual(pool.take('d'), ['10.244.0.2']);
});

test('a pod keeps the address it had, and nobody else is given what the API says is taken', () => {
  const pool = addresses({ '10.244.0.1': 'old', '10.244.0.2': 'new' });
  assert.deepEqual(pool.take('new'), ['10.244.0.2'], 'its own is not taken from itself');
  assert.deepEqual(pool.take('third'), ['10.244.0.3']);
  assert.deepEqual(pool.take('old', ['10.244.0.1']), ['10.244.0.1']);
});

test('an address that cannot be the pod’s is not believed', () => {
  for (const claimed of ['10.244.1.7', '10.244.0.0', '172.20.1.1', 'nonsense', '::1']) {
    assert.deepEqual(addresses().take('a', [claimed]), ['10.244.0.1'], claimed);
  }
  const pool = addresses();
  pool.take('first');
  assert.deepEqual(pool.take('second', ['10.244.0.1']), ['10.244.0.2'], 'somebody else has it');
});

test('a full block says so', () => {
  const pool = addresses();
  for (let index = 0; index < 254; index++) pool.take(`pod-${index}`);
  assert.throws(() => pool.take('one too many'), { code: 'addresses-exhausted' });
});

test('a pod of a dual-stack node gets an address of each family, or none at all', () => {
  const dual: NodePlace = {
    ...node,
    podCidr: '10.244.0.0/30',
    secondary: { address: 'fd00:172:20::101', podCidr: 'fd00:10:244::/64', tunnelAddress: 'fd00:10:244::' },
  };
  const pool = createPodAddresses(blockSources(dual), () => undefined);
  assert.deepEqual(pool.take('a'), ['10.244.0.1', 'fd00:10:244::1']);
  // One that ran before its cluster became dual-stack keeps what it has.
  assert.deepEqual(pool.take('b', ['10.244.0.2']), ['10.244.0.2', 'fd00:10:244::2']);
  assert.throws(() => pool.take('c'), { code: 'addresses-exhausted' });
  pool.release(['10.244.0.1', 'fd00:10:244::1']);
  assert.deepEqual(pool.take('c'), ['10.244.0.1', 'fd00:10:244::1']);
});
